package tlsconf

import "crypto/tls"

// Protocols is a set of protocol versions, as the ssl_protocols family of
// directives names them.
type Protocols uint8

// The versions that ssl_protocols can name. SSLv2 and SSLv3 are words that
// nginx accepts and that no current TLS library speaks.
const (
	SSLv2 Protocols = 1 << iota
	SSLv3
	TLSv1
	TLSv11
	TLSv12
	TLSv13

	// DefaultProtocols is nginx's default: TLSv1.2 TLSv1.3.
	DefaultProtocols = TLSv12 | TLSv13
)

// ProtocolByName returns the version for one word of ssl_protocols, compared
// without regard to case as nginx's bit mask directives do; ok is false for a
// word nginx would call an invalid value.
func ProtocolByName(word string) (p Protocols, ok bool) {
	switch lower(word) {
	case "sslv2":
		return SSLv2, true
	case "sslv3":
		return SSLv3, true
	case "tlsv1":
		return TLSv1, true
	case "tlsv1.1":
		return TLSv11, true
	case "tlsv1.2":
		return TLSv12, true
	case "tlsv1.3":
		return TLSv13, true
	}
	return 0, false
}

// Range returns the bounds for tls.Config. Versions between them that the set
// lacks are returned in holes: crypto/tls cannot leave them out, so the caller
// should warn. ok is false when the set holds no version that crypto/tls
// speaks; every handshake must then be refused.
func (p Protocols) Range() (minVersion, maxVersion uint16, holes Protocols, ok bool) {
	for v := TLSv1; v <= TLSv13; v <<= 1 {
		if p&v == 0 {
			continue
		}
		if minVersion == 0 {
			minVersion = v.version()
		}
		maxVersion = v.version()
	}
	for v := TLSv1; v <= TLSv13; v <<= 1 {
		if v.version() > minVersion && v.version() < maxVersion && p&v == 0 {
			holes |= v
		}
	}
	return minVersion, maxVersion, holes, minVersion != 0
}

// String lists the set in nginx's words, lowest version first.
func (p Protocols) String() string {
	names := [...]string{"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
	s := ""
	for i, name := range names {
		if p&(1<<i) != 0 {
			if s != "" {
				s += " "
			}
			s += name
		}
	}
	return s
}

// version is the wire number of a set of one TLS version.
func (p Protocols) version() uint16 {
	switch p {
	case TLSv1:
		return tls.VersionTLS10
	case TLSv11:
		return tls.VersionTLS11
	case TLSv12:
		return tls.VersionTLS12
	case TLSv13:
		return tls.VersionTLS13
	}
	return 0
}

// lower folds ASCII letters.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
