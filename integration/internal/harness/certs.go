package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"time"
)

// Certificates writes the certificates the cases use to dir, each as NAME.pem and NAME.key: ca, the authority that issued
// the others; localhost (also 127.0.0.1), one.example, two.example (also *.two.example), for servers; client and
// app, for clients; and stranger, a client certificate that ca has nothing to do with.
func Certificates(dir string) error {
	ca, err := issue(dir, "ca", nil, nil)
	if err != nil {
		return err
	}
	for name, hosts := range map[string][]string{
		"localhost":   {"localhost"},
		"one.example": {"one.example"},
		"two.example": {"two.example", "*.two.example"},
		"client":      nil,
		"app":         {"app.example"},
	} {
		if _, err := issue(dir, name, hosts, ca); err != nil {
			return err
		}
	}
	_, err = issue(dir, "stranger", nil, nil)
	return err
}

// issuer is a certificate that can sign others.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue writes a certificate signed by ca, or by itself.
func issue(dir, name string, hosts []string, ca *issuer) (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Sluice tests"}},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(48 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		IsCA:                  ca == nil,
		DNSNames:              hosts,
	}
	if name == "localhost" {
		t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	if ca == nil {
		t.KeyUsage |= x509.KeyUsageCertSign
		ca = &issuer{t, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	base := filepath.Join(dir, name)
	if err := writePEM(base+".pem", "CERTIFICATE", der); err != nil {
		return nil, err
	}
	if err := writePEM(base+".key", "PRIVATE KEY", secret); err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &issuer{cert, key}, err
}

// writePEM writes a file that the servers' user may read too: the keys are worth nothing.
func writePEM(path, kind string, der []byte) error {
	return writeFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
