package tlsconf

import (
	"crypto/tls"
	"errors"
)

// errNoCertificate refuses a handshake where a server has no certificate.
var errNoCertificate = errors.New("no certificate configured")

// A Keyring is the certificates of one server, each with the source of its OCSP
// response. It is immutable and safe for concurrent use.
type Keyring struct {
	certs    []tls.Certificate
	staplers []*Stapler // one for each certificate; nil: none
}

// NewKeyring returns the keyring of certificates, which Arrange should have put
// in order.
func NewKeyring(certs []tls.Certificate) *Keyring {
	return &Keyring{certs: certs, staplers: make([]*Stapler, len(certs))}
}

// Certificates returns the certificates, which must not be changed.
func (k *Keyring) Certificates() []tls.Certificate { return k.certs }

// Staple makes s the source of OCSP responses for certificate i. It must be
// called before the keyring is used.
func (k *Keyring) Staple(i int, s *Stapler) { k.staplers[i] = s }

// Get picks the certificate for a client: the first that its algorithms allow,
// or the first at all. It is a tls.Config.GetCertificate; leave
// tls.Config.Certificates empty, so that it is asked for every handshake.
func (k *Keyring) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if len(k.certs) == 0 {
		return nil, errNoCertificate
	}
	pick := 0
	if len(k.certs) > 1 {
		for i := range k.certs {
			if hello.SupportsCertificate(&k.certs[i]) == nil {
				pick = i
				break
			}
		}
	}
	if s := k.staplers[pick]; s != nil {
		return s.certificate(&k.certs[pick]), nil
	}
	return &k.certs[pick], nil
}
