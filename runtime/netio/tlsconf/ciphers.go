package tlsconf

import (
	"crypto/tls"
	"strings"
)

// DefaultCiphers is the default of ssl_ciphers; proxy_ssl_ciphers has DEFAULT.
const DefaultCiphers = "HIGH:!aNULL:!MD5"

// Ciphers is an evaluated cipher string: the suites of TLS 1.2 and below that it
// allows. TLS 1.3 suites are not affected by cipher strings.
type Ciphers struct {
	// Names are all suites the string selects, in its order, in OpenSSL's
	// words; the same list as `openssl ciphers` prints for the string.
	Names []string
	// IDs are those of them that crypto/tls implements and SecLevel permits, for
	// tls.Config.CipherSuites. Never nil: an empty list must switch TLS 1.2 off,
	// where nil would mean crypto/tls's default. crypto/tls keeps its own order
	// of preference, whatever the string (and ssl_prefer_server_ciphers) says.
	IDs []uint16
	// SecLevel is the number of `@SECLEVEL=n`, or -1 when the string has none.
	SecLevel int
}

// ParseCiphers evaluates an OpenSSL cipher string (ciphers(1)) as
// SSL_CTX_set_cipher_list does. Words it does not know are passed over; the
// *Error says when nothing is selected or a command is wrong.
func ParseCiphers(list string) (*Ciphers, error) {
	fail := func(queue string) (*Ciphers, error) {
		return nil, &Error{Op: `SSL_CTX_set_cipher_list("` + list + `") failed`, Queue: []string{queue}}
	}
	l := newCipherList()
	rules := suiteB(list)
	ok := true
	if rest, found := strings.CutPrefix(rules, "DEFAULT"); found {
		ok = l.process(defaultCiphers)
		rules = rest
	}
	if !l.process(rules) || !ok {
		return fail(errBadCommand)
	}
	goSuites := goSuiteIDs()
	c := &Ciphers{IDs: []uint16{}, SecLevel: l.secLevel}
	for _, n := range l.nodes {
		if !n.active {
			continue
		}
		c.Names = append(c.Names, n.name)
		if goSuites[n.id] && n.permitted(l.secLevel) {
			c.IDs = append(c.IDs, n.id)
		}
	}
	if len(c.Names) == 0 {
		return fail(errNoCipherMatch)
	}
	return c, nil
}

// permitted reports whether OpenSSL would negotiate s at a security level.
func (s *suite) permitted(level int) bool {
	if level <= 0 {
		return true
	}
	least := [...]int{0, 80, 112, 128, 192, 256}[level]
	return s.bits >= least &&
		s.auth != aNULL &&
		s.mac != mMD5 &&
		(least <= 160 || s.mac != mSHA1) &&
		(level < 3 || s.kx&(kDHE|kECDHE) != 0)
}

// suiteB replaces the keywords of NSA Suite B, which stand at the start of a
// string and make the rest of it void.
func suiteB(list string) string {
	const aes128, aes256 = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"
	switch {
	case strings.HasPrefix(list, "SUITEB128ONLY"):
		return aes128
	case strings.HasPrefix(list, "SUITEB128C2"), strings.HasPrefix(list, "SUITEB192"):
		return aes256
	case strings.HasPrefix(list, "SUITEB128"):
		return aes128 + ":" + aes256
	}
	return list
}

// goSuiteIDs is the set of suites of TLS 1.2 and below that crypto/tls has.
func goSuiteIDs() map[uint16]bool {
	ids := map[uint16]bool{}
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if s.SupportedVersions[0] != tls.VersionTLS13 {
			ids[s.ID] = true
		}
	}
	return ids
}
