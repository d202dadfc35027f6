package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"time"
)

// Objects are the certificates, keys and lists of one configuration: what
// several servers name is read once. Names are those the Load functions take.
// Not safe for concurrent use.
type Objects struct {
	// Inherited keeps certificates from one configuration to the next while
	// their files stay the same (ssl_object_cache_inheritable); nil does not. It
	// looks at the files by itself.
	Inherited *CertificateCache
	// Read reads the files of what is not taken from Inherited.
	Read ReadFile

	pairs map[string]loaded[*tls.Certificate]
	cas   map[string]loaded[[]*x509.Certificate]
	crls  map[string]loaded[[]*x509.RevocationList]
}

// loaded is the outcome of reading one object.
type loaded[T any] struct {
	value T
	err   error
}

// once returns what m has under name, which load makes for the first caller.
func once[T any](m *map[string]loaded[T], name string, load func() (T, error)) (T, error) {
	if l, ok := (*m)[name]; ok {
		return l.value, l.err
	}
	if *m == nil {
		*m = make(map[string]loaded[T])
	}
	v, err := load()
	(*m)[name] = loaded[T]{v, err}
	return v, err
}

// Certificate is [LoadCertificate].
func (o *Objects) Certificate(cert, key string, passwords [][]byte) (*tls.Certificate, error) {
	var id strings.Builder
	id.WriteString(cert)
	id.WriteByte(0)
	id.WriteString(key)
	for _, p := range passwords {
		id.WriteByte(0)
		id.Write(p)
	}
	return once(&o.pairs, id.String(), func() (*tls.Certificate, error) {
		if o.Inherited != nil {
			return o.Inherited.Load(cert, key, passwords, time.Now())
		}
		return o.Read.certificate(cert, key, passwords)
	})
}

// CA is [LoadCA].
func (o *Objects) CA(name string) ([]*x509.Certificate, error) {
	return once(&o.cas, name, func() ([]*x509.Certificate, error) { return LoadCA(o.Read, name) })
}

// CRL is [LoadCRL].
func (o *Objects) CRL(name string) ([]*x509.RevocationList, error) {
	return once(&o.crls, name, func() ([]*x509.RevocationList, error) { return LoadCRL(o.Read, name) })
}
