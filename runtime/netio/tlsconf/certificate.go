package tlsconf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

// dataPrefix begins a value that is the PEM text itself, not the name of a file.
const dataPrefix = "data:"

// LoadCertificate reads a certificate chain and its private key, as
// ssl_certificate and ssl_certificate_key name them: files (full names; relative
// ones are the caller's to resolve) or `data:` followed by PEM, the key also
// `store:` followed by the URI of a file. The first certificate of the chain is
// the server's. Passwords are tried in turn on an encrypted key. The *Error is
// worded as nginx logs it.
//
// A key of another type than the certificate's is refused; nginx over OpenSSL 3
// loads such a pair and then fails every handshake.
func LoadCertificate(cert, key string, passwords [][]byte) (*tls.Certificate, error) {
	return ReadFile(readFile).certificate(cert, key, passwords)
}

// certificate is LoadCertificate with files that read reads.
func (read ReadFile) certificate(cert, key string, passwords [][]byte) (*tls.Certificate, error) {
	chain, err := read.certificates(cert, false)
	if err != nil {
		return nil, err
	}
	priv, err := read.key(key, passwords)
	if err != nil {
		return nil, err
	}
	if queue := matchKey(chain[0], priv); queue != "" {
		return nil, &Error{Op: `SSL_CTX_use_PrivateKey("` + key + `") failed`, Queue: []string{queue}}
	}
	c := &tls.Certificate{PrivateKey: priv, Leaf: chain[0]}
	for _, link := range chain {
		c.Certificate = append(c.Certificate, link.Raw)
	}
	return c, nil
}

// matchKey returns what OpenSSL says when key does not belong to cert, or "".
func matchKey(cert *x509.Certificate, key crypto.Signer) string {
	public, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case !ok || keyKind(cert.PublicKey) != keyKind(key.Public()):
		return errKeyType
	case !public.Equal(key.Public()):
		return errKeyValues
	}
	return ""
}

// Arrange orders the certificates of one server for tls.Config.Certificates. As
// in OpenSSL, a later certificate replaces an earlier one with the same type of
// key. ECDSA stands before Ed25519 and RSA, as crypto/tls takes the first that
// the client's algorithms allow.
func Arrange(certs []*tls.Certificate) []tls.Certificate {
	var byKind [4]*tls.Certificate
	for _, c := range certs {
		byKind[keyKind(c.Leaf.PublicKey)] = c
	}
	list := make([]tls.Certificate, 0, len(certs))
	for _, c := range byKind {
		if c != nil {
			list = append(list, *c)
		}
	}
	return list
}

// keyKind numbers the types of public keys in the order they are preferred.
func keyKind(public crypto.PublicKey) int {
	switch public.(type) {
	case *ecdsa.PublicKey:
		return 0
	case ed25519.PublicKey:
		return 1
	case *rsa.PublicKey:
		return 2
	}
	return 3
}

// LoadCA reads the certificates of ssl_client_certificate or
// ssl_trusted_certificate; at least one.
func LoadCA(read ReadFile, name string) ([]*x509.Certificate, error) {
	return read.certificates(name, true)
}

// certificates parses every certificate of a file; blocks of other kinds are
// passed over. In a CA file each may be a TRUSTED CERTIFICATE, in a chain only
// the first.
func (read ReadFile) certificates(name string, allTrusted bool) ([]*x509.Certificate, error) {
	data, queue, err := read.pem(name, "r")
	if err != nil {
		return nil, &Error{Op: `cannot load certificate "` + name + `": BIO_new_file() failed`, Queue: queue, Cause: err}
	}
	var list []*x509.Certificate
	fail := func(err error, queue ...string) ([]*x509.Certificate, error) {
		op := "PEM_read_bio_X509_AUX"
		if len(list) > 0 && !allTrusted {
			op = "PEM_read_bio_X509"
		}
		return nil, &Error{Op: `cannot load certificate "` + name + `": ` + op + `() failed`, Queue: queue, Cause: err}
	}
	for {
		block, rest, ok, err := nextPEM(data)
		if !ok {
			break
		}
		data = rest
		if !certificateLabel(block.label, allTrusted || len(list) == 0) {
			if err != nil {
				return fail(err, pemQueue(err))
			}
			continue
		}
		if err != nil {
			return fail(err, pemQueue(err))
		}
		cert, err := parseCertificate(block.der)
		if err != nil {
			return fail(err, derQueue(block.der), errNestedASN1+"X509", errPEMASN1)
		}
		list = append(list, cert)
	}
	if len(list) == 0 {
		return fail(nil, errNoStartLine+"TRUSTED CERTIFICATE")
	}
	return list, nil
}

// certificateLabel reports whether a PEM label is that of a certificate.
func certificateLabel(label string, trusted bool) bool {
	return label == "CERTIFICATE" || label == "X509 CERTIFICATE" || trusted && label == "TRUSTED CERTIFICATE"
}

// parseCertificate parses the certificate at the start of der; a TRUSTED
// CERTIFICATE is followed by OpenSSL's own trust settings, which are not used.
func parseCertificate(der []byte) (*x509.Certificate, error) {
	var raw asn1.RawValue
	if _, err := asn1.Unmarshal(der, &raw); err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw.FullBytes)
}

// derQueue guesses OpenSSL's reason for refusing der: not a sequence at all, or
// a sequence with something wrong in it.
func derQueue(der []byte) string {
	if len(der) == 0 || der[0] != 0x30 {
		return errWrongTag
	}
	return errNotEnough
}

// LoadCRL reads the revocation lists of ssl_crl; at least one.
func LoadCRL(read ReadFile, name string) ([]*x509.RevocationList, error) {
	op := `cannot load CRL "` + name + `": `
	data, queue, err := read.pem(name, "r")
	if err != nil {
		return nil, &Error{Op: op + "BIO_new_file() failed", Queue: queue, Cause: err}
	}
	var list []*x509.RevocationList
	fail := func(err error, queue ...string) ([]*x509.RevocationList, error) {
		return nil, &Error{Op: op + "PEM_read_bio_X509_CRL() failed", Queue: queue, Cause: err}
	}
	for {
		block, rest, ok, err := nextPEM(data)
		if !ok {
			break
		}
		data = rest
		if err != nil {
			return fail(err, pemQueue(err))
		}
		if block.label != "X509 CRL" {
			continue
		}
		crl, err := parseCRL(block.der)
		if err != nil {
			return fail(err, derQueue(block.der), errNestedASN1+"X509_CRL", errPEMASN1)
		}
		list = append(list, crl)
	}
	if len(list) == 0 {
		return fail(nil, errNoStartLine+"X509 CRL")
	}
	return list, nil
}

// Subjects returns the distinct subjects of CA certificates in their order, DER
// encoded: the list a server sends in its certificate request.
func Subjects(cas []*x509.Certificate) [][]byte {
	var list [][]byte
	for _, ca := range cas {
		if !slices.ContainsFunc(list, func(s []byte) bool { return string(s) == string(ca.RawSubject) }) {
			list = append(list, ca.RawSubject)
		}
	}
	return list
}
