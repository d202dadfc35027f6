package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificateLife is how long the self-signed certificate holds: the most that browsers accept of a certificate that
// was made trusted by hand.
const certificateLife = 825 * 24 * time.Hour

// selfSigned makes the pair that snippets/self-signed.conf names, for this machine's own names. A certificate or key
// that is there already stays.
func selfSigned(dir string) error {
	cert, key := filepath.Join(dir, "self-signed.crt"), filepath.Join(dir, "self-signed.key")
	for _, path := range []string{cert, key} {
		if _, err := os.Lstat(path); err == nil {
			return nil
		}
	}
	certPEM, keyPEM, err := newPair(time.Now())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// The key first: where another start was faster, its pair stays.
	if made, err := createFile(key, keyPEM, 0o600); err != nil || !made {
		return err
	}
	_, err = createFile(cert, certPEM, 0o644)
	return err
}

// newPair makes a certificate and its key, both in PEM.
func newPair(now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "localhost", Organization: []string{"Sluice self-signed"}},
		NotBefore:             now.Add(-time.Hour), // clocks differ
		NotAfter:              now.Add(certificateLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	return certPEM, keyPEM, nil
}
