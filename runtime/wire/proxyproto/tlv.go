package proxyproto

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
)

// The types of TLVs that have names.
const (
	TypeALPN       = 0x01
	TypeAuthority  = 0x02
	TypeCRC32C     = 0x03
	TypeUniqueID   = 0x05
	TypeSSL        = 0x20
	TypeSSLVersion = 0x21
	TypeSSLCN      = 0x22
	TypeSSLCipher  = 0x23
	TypeSSLSigAlg  = 0x24
	TypeSSLKeyAlg  = 0x25
	TypeNetNS      = 0x30

	sslHeader = 5 // client flags and the result of the verification
)

// The errors of the TLVs; the texts are nginx's, which appends the name to the
// first two.
var (
	ErrInvalidTLV = errors.New("invalid PROXY protocol TLV")
	ErrUnknownTLV = errors.New("unknown PROXY protocol TLV")
	ErrBrokenTLV  = errors.New("broken PROXY protocol TLV")
	// ErrNoTLV is a TLV that is not in the header, or an SSL TLV without room
	// for one: an empty variable, nothing to log.
	ErrNoTLV = errors.New("no such PROXY protocol TLV")
)

// TLVRef is the name of a TLV, resolved.
type TLVRef struct {
	typ    int // may be above 255: no TLV has that type
	ssl    bool
	verify bool
}

// ParseTLVName resolves what follows proxy_protocol_tlv_ in the name of a
// variable: alpn, authority, unique_id, ssl, netns, ssl_version, ssl_cn,
// ssl_cipher, ssl_sig_alg, ssl_key_alg, ssl_verify, or a type like 0xea, with
// ssl_ in front for one inside the SSL TLV. The error is ErrInvalidTLV or
// ErrUnknownTLV; nginx reports both when the variable is first used.
func ParseTLVName(name string) (ref TLVRef, err error) {
	if len(name) >= 4 && name[:4] == "ssl_" {
		ref.ssl = true
		name = name[4:]
		if name == "verify" {
			ref.verify = true
			return ref, nil
		}
	}
	if len(name) >= 2 && name[:2] == "0x" {
		v, err := strconv.ParseUint(name[2:], 16, 63)
		if err != nil {
			return TLVRef{}, ErrInvalidTLV
		}
		ref.typ = int(min(v, math.MaxInt32))
		return ref, nil
	}
	if ref.ssl {
		ref.typ = sslType(name)
	} else {
		ref.typ = baseType(name)
	}
	if ref.typ < 0 {
		return TLVRef{}, ErrUnknownTLV
	}
	return ref, nil
}

func baseType(name string) int {
	switch name {
	case "alpn":
		return TypeALPN
	case "authority":
		return TypeAuthority
	case "unique_id":
		return TypeUniqueID
	case "ssl":
		return TypeSSL
	case "netns":
		return TypeNetNS
	}
	return -1
}

func sslType(name string) int {
	switch name {
	case "version":
		return TypeSSLVersion
	case "cn":
		return TypeSSLCN
	case "cipher":
		return TypeSSLCipher
	case "sig_alg":
		return TypeSSLSigAlg
	case "key_alg":
		return TypeSSLKeyAlg
	}
	return -1
}

// Lookup returns the value of the TLV in tlvs. It is part of tlvs, but for
// ssl_verify, whose decimal text is appended to dst[:0]. The error is ErrNoTLV
// or ErrBrokenTLV.
func (r TLVRef) Lookup(dst, tlvs []byte) ([]byte, error) {
	if r.ssl {
		ssl, err := find(tlvs, TypeSSL)
		if err != nil {
			return nil, err
		}
		if len(ssl) < sslHeader {
			return nil, ErrNoTLV
		}
		if r.verify {
			return strconv.AppendUint(dst[:0], uint64(binary.BigEndian.Uint32(ssl[1:])), 10), nil
		}
		tlvs = ssl[sslHeader:]
	}
	return find(tlvs, r.typ)
}

// find returns the value of the first TLV of type typ.
func find(tlvs []byte, typ int) ([]byte, error) {
	for len(tlvs) > 0 {
		if len(tlvs) < 3 {
			return nil, ErrBrokenTLV
		}
		end := 3 + int(binary.BigEndian.Uint16(tlvs[1:]))
		if len(tlvs) < end {
			return nil, ErrBrokenTLV
		}
		if int(tlvs[0]) == typ {
			return tlvs[3:end], nil
		}
		tlvs = tlvs[end:]
	}
	return nil, ErrNoTLV
}
