package tlsconf

import (
	"encoding/asn1"
	"encoding/hex"
	"unicode/utf16"
	"unicode/utf8"
)

// attribute is one AttributeTypeAndValue of a distinguished name.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// rdnSET is a RelativeDistinguishedName. The name makes encoding/asn1 read a SET.
type rdnSET []attribute

// AppendDN appends a DER encoded distinguished name (x509.Certificate's
// RawSubject or RawIssuer) as RFC 2253 writes it, the value of
// $ssl_client_s_dn and $ssl_client_i_dn: "CN=client,OU=Dept,O=Org".
func AppendDN(dst, der []byte) []byte {
	rdns := parseDN(der)
	for i := len(rdns) - 1; i >= 0; i-- {
		if i < len(rdns)-1 {
			dst = append(dst, ',')
		}
		for j := len(rdns[i]) - 1; j >= 0; j-- {
			if j < len(rdns[i])-1 {
				dst = append(dst, '+')
			}
			dst = appendAttribute(dst, &rdns[i][j])
		}
	}
	return dst
}

// AppendLegacyDN appends a name as X509_NAME_oneline writes it, the value of
// $ssl_client_s_dn_legacy and $ssl_client_i_dn_legacy:
// "/O=Org/OU=Dept/CN=client".
func AppendLegacyDN(dst, der []byte) []byte {
	for _, rdn := range parseDN(der) {
		for j, attr := range rdn {
			if j == 0 {
				dst = append(dst, '/')
			} else {
				dst = append(dst, '+')
			}
			name := attributeName(attr.Type)
			if name == "" {
				name = attr.Type.String()
			}
			dst = append(append(dst, name...), '=')
			for _, c := range legacyBytes(&attr.Value) {
				switch {
				case c < ' ' || c > '~':
					dst = append(dst, '\\', 'x', upperHex[c>>4], upperHex[c&15])
				case c == '/' || c == '+':
					dst = append(dst, '\\', c)
				default:
					dst = append(dst, c)
				}
			}
		}
	}
	return dst
}

// parseDN decodes a name; nil for what is none.
func parseDN(der []byte) []rdnSET {
	var rdns []rdnSET
	if _, err := asn1.Unmarshal(der, &rdns); err != nil {
		return nil
	}
	return rdns
}

const upperHex = "0123456789ABCDEF"

// appendAttribute appends type=value of RFC 2253. An attribute without a short
// name, or whose value is no string, is written as the hexadecimal of its DER.
func appendAttribute(dst []byte, attr *attribute) []byte {
	name := attributeName(attr.Type)
	if name == "" {
		dst = append(append(dst, attr.Type.String()...), "=#"...)
		return appendUpperHex(dst, attr.Value.FullBytes)
	}
	dst = append(append(dst, name...), '=')
	text, ok := textUTF8(&attr.Value)
	if !ok {
		return appendUpperHex(append(dst, '#'), attr.Value.FullBytes)
	}
	for i, c := range text {
		switch {
		case c < ' ' || c >= 0x7f:
			dst = append(dst, '\\', upperHex[c>>4], upperHex[c&15])
			continue
		case c == ',' || c == '+' || c == '"' || c == '\\' || c == '<' || c == '>' || c == ';',
			i == 0 && (c == ' ' || c == '#'),
			i == len(text)-1 && c == ' ':
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}

// appendUpperHex appends b in upper-case hexadecimal.
func appendUpperHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

// Tags of string types that encoding/asn1 has no names for.
const (
	tagVisibleString   = 26
	tagUniversalString = 28
)

// textUTF8 returns the text of a string value in UTF-8.
func textUTF8(v *asn1.RawValue) (text []byte, ok bool) {
	if v.Class != asn1.ClassUniversal {
		return nil, false
	}
	b := v.Bytes
	switch v.Tag {
	case asn1.TagUTF8String:
		return b, true
	case asn1.TagPrintableString, asn1.TagIA5String, asn1.TagT61String, asn1.TagNumericString,
		tagVisibleString, asn1.TagUTCTime, asn1.TagGeneralizedTime: // one byte a character
		for _, c := range b {
			text = utf8.AppendRune(text, rune(c))
		}
		return text, true
	case asn1.TagBMPString:
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
		for _, r := range utf16.Decode(units) {
			text = utf8.AppendRune(text, r)
		}
		return text, true
	case tagUniversalString:
		for ; len(b) >= 4; b = b[4:] {
			text = utf8.AppendRune(text, rune(b[0])<<24|rune(b[1])<<16|rune(b[2])<<8|rune(b[3]))
		}
		return text, true
	}
	return nil, false
}

// legacyBytes returns the bytes X509_NAME_oneline prints of a value: all, except
// that wide strings lose their upper bytes where those are zero throughout.
func legacyBytes(v *asn1.RawValue) []byte {
	b := v.Bytes
	if v.Tag != tagUniversalString || len(b)%4 != 0 {
		return b
	}
	narrow := make([]byte, 0, len(b)/4)
	for i, c := range b {
		if i%4 == 3 {
			narrow = append(narrow, c)
		} else if c != 0 {
			return b
		}
	}
	return narrow
}

// attributeName returns OpenSSL's short name of an attribute type, or "".
func attributeName(oid asn1.ObjectIdentifier) string {
	if len(oid) == 4 && oid[0] == 2 && oid[1] == 5 && oid[2] == 4 {
		return x520Name(oid[3])
	}
	switch oid.String() {
	case "1.2.840.113549.1.9.1":
		return "emailAddress"
	case "1.2.840.113549.1.9.2":
		return "unstructuredName"
	case "1.2.840.113549.1.9.8":
		return "unstructuredAddress"
	case "0.9.2342.19200300.100.1.1":
		return "UID"
	case "0.9.2342.19200300.100.1.3":
		return "mail"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	case "0.9.2342.19200300.100.1.44":
		return "uid"
	case "0.9.2342.19200300.100.4.13":
		return "domain"
	case "1.3.6.1.4.1.311.60.2.1.1":
		return "jurisdictionL"
	case "1.3.6.1.4.1.311.60.2.1.2":
		return "jurisdictionST"
	case "1.3.6.1.4.1.311.60.2.1.3":
		return "jurisdictionC"
	}
	return ""
}

// x520Name returns the short name of attribute type 2.5.4.n, or "".
func x520Name(n int) string {
	if n < 0 || n >= len(x520Names) {
		switch n {
		case 97:
			return "organizationIdentifier"
		case 98:
			return "c3"
		case 99:
			return "n3"
		case 100:
			return "dnsName"
		}
		return ""
	}
	return x520Names[n]
}

// x520Names is indexed by the last number of 2.5.4.n.
var x520Names = [...]string{
	3: "CN", 4: "SN", 5: "serialNumber", 6: "C", 7: "L", 8: "ST", 9: "street", 10: "O", 11: "OU", 12: "title",
	13: "description", 14: "searchGuide", 15: "businessCategory", 16: "postalAddress", 17: "postalCode",
	18: "postOfficeBox", 19: "physicalDeliveryOfficeName", 20: "telephoneNumber", 21: "telexNumber",
	22: "teletexTerminalIdentifier", 23: "facsimileTelephoneNumber", 24: "x121Address",
	25: "internationaliSDNNumber", 26: "registeredAddress", 27: "destinationIndicator",
	28: "preferredDeliveryMethod", 29: "presentationAddress", 30: "supportedApplicationContext", 31: "member",
	32: "owner", 33: "roleOccupant", 34: "seeAlso", 35: "userPassword", 36: "userCertificate",
	37: "cACertificate", 38: "authorityRevocationList", 39: "certificateRevocationList",
	40: "crossCertificatePair", 41: "name", 42: "GN", 43: "initials", 44: "generationQualifier",
	45: "x500UniqueIdentifier", 46: "dnQualifier", 47: "enhancedSearchGuide", 48: "protocolInformation",
	49: "distinguishedName", 50: "uniqueMember", 51: "houseIdentifier", 52: "supportedAlgorithms",
	53: "deltaRevocationList", 54: "dmdName", 65: "pseudonym", 72: "role",
}

// appendLowerHex appends b in lower-case hexadecimal.
func appendLowerHex(dst, b []byte) []byte { return hex.AppendEncode(dst, b) }
