package tlsconf

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"strings"
)

// CheckHost reports whether an upstream's certificate is for name
// (proxy_ssl_name), as X509_check_host does: its DNS names, or, if it has none
// at all, its common names. A wildcard stands for (part of) the leftmost label.
// An address is compared as a name too, never with the certificate's addresses.
func CheckHost(cert *x509.Certificate, name string) bool {
	if name == "" {
		return false
	}
	name = lower(name)
	for _, pattern := range cert.DNSNames {
		if matchHost(lower(pattern), name) {
			return true
		}
	}
	if len(cert.DNSNames) > 0 {
		return false
	}
	for _, rdn := range parseDN(cert.RawSubject) {
		for _, attr := range rdn {
			if attr.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 3}) {
				text, ok := textUTF8(&attr.Value)
				if ok && !bytes.ContainsRune(text, 0) && matchHost(lower(string(text)), name) {
					return true
				}
			}
		}
	}
	return false
}

// matchHost compares a name with a pattern, both in lower case.
func matchHost(pattern, name string) bool {
	if pattern == name {
		return true
	}
	label, domain, ok := strings.Cut(pattern, ".")
	before, after, star := strings.Cut(label, "*")
	// One wildcard, at least two labels behind it, and none in a label of IDNA.
	if !ok || !star || strings.Contains(after+domain, "*") || !strings.Contains(domain, ".") ||
		strings.HasPrefix(label, "xn--") {
		return false
	}
	first, rest, ok := strings.Cut(name, ".")
	if !ok || rest != domain || len(first) < len(before)+len(after) ||
		!strings.HasPrefix(first, before) || !strings.HasSuffix(first, after) {
		return false
	}
	for _, c := range []byte(first[len(before) : len(first)-len(after)]) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	if before == "" && after == "" {
		return first != ""
	}
	return (before == "" || after == "") && !strings.HasPrefix(first, "xn--")
}
