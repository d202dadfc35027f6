package tlsconf

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// testNow is the time certificates of the tests are judged at.
var testNow = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// A certSpec says what to put into a certificate; zero values are the usual ones.
type certSpec struct {
	cn                  string
	key                 crypto.Signer // nil: a new ECDSA key
	by                  *issued       // nil: self-signed
	ca                  bool
	pathLen             int // of a CA; 0: none given
	notBefore, notAfter time.Time
	serial              int64
	usages              []x509.ExtKeyUsage
	edit                func(*x509.Certificate)
}

type issued struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func issue(t testing.TB, spec certSpec) *issued {
	t.Helper()
	key := spec.key
	if key == nil {
		key = newECKey(t)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: spec.cn},
		SerialNumber:          big.NewInt(max(spec.serial, 1)),
		NotBefore:             testNow.Add(-time.Hour),
		NotAfter:              testNow.Add(90 * 24 * time.Hour),
		IsCA:                  spec.ca,
		BasicConstraintsValid: spec.ca,
		MaxPathLen:            spec.pathLen,
		ExtKeyUsage:           spec.usages,
	}
	if spec.ca {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}
	if !spec.notBefore.IsZero() {
		template.NotBefore = spec.notBefore
	}
	if !spec.notAfter.IsZero() {
		template.NotAfter = spec.notAfter
	}
	if spec.edit != nil {
		spec.edit(template)
	}
	by := spec.by
	if by == nil {
		by = &issued{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{cert, key}
}

func encodePEM(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// rsaCertificate is a self-signed certificate with an RSA key.
func rsaCertificate(t testing.TB) *tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := issue(t, certSpec{cn: "rsa.example", key: key}).cert
	return &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}
