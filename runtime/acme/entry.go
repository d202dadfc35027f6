package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Entry is the place of an order's certificate. It is safe for concurrent use.
type Entry struct {
	live atomic.Pointer[Certificate]

	names []Name // set before the Entry is used
	once  sync.Once
	stand *Certificate
	err   error
}

// Certificate is an issued certificate. It does not change.
type Certificate struct {
	Chain, Key []byte // PEM
	TLS        *tls.Certificate
	CA         string // the directory of the CA that has issued it; "" where that is not known
}

// Parse reads a certificate with those of its issuers, and its key. They must belong together.
func Parse(chain, key []byte) (*Certificate, error) {
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, err
	}
	return &Certificate{Chain: chain, Key: key, TLS: &pair}, nil
}

// Issued returns the certificate of the CA, nil where there is none yet.
func (e *Entry) Issued() *Certificate { return e.live.Load() }

// Certificate returns what to serve: the certificate of the CA, else a stand-in that signs
// itself.
func (e *Entry) Certificate() (*Certificate, error) {
	if c := e.live.Load(); c != nil {
		return c, nil
	}
	e.once.Do(func() { e.stand, e.err = standIn(e.names) })
	return e.stand, e.err
}

// Get is a tls.Config.GetCertificate.
func (e *Entry) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c, err := e.Certificate()
	if err != nil {
		return nil, err
	}
	return c.TLS, nil
}

// standInLife is how long a stand-in is valid. It ends with the process.
const standInLife = 365 * 24 * time.Hour

// standIn makes a certificate that signs itself.
func standIn(names []Name) (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := selfSigned(names, key, standInLife)
	if err != nil {
		return nil, err
	}
	text, err := MarshalKey(key)
	if err != nil {
		return nil, err
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	return &Certificate{Chain: chain, Key: text, TLS: cert}, nil
}

// selfSigned makes a certificate for names that key itself signs.
func selfSigned(names []Name, key *ecdsa.PrivateKey, life time.Duration, extra ...pkix.Extension) (*tls.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "self-signed stand-in"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, ExtraExtensions: extra,
	}
	for _, n := range names {
		if ip, err := netip.ParseAddr(n.Value); n.IP && err == nil {
			template.IPAddresses = append(template.IPAddresses, net.IP(ip.AsSlice()))
		} else {
			template.DNSNames = append(template.DNSNames, n.Value)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// MarshalKey returns a private key as PEM (PKCS #8).
func MarshalKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ParseAccountKey reads the key of an account: PKCS #8, or the older forms of either
// algorithm. The error says what is wrong with it.
func ParseAccountKey(text []byte) (crypto.Signer, error) {
	for len(text) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		default:
			continue // the parameters of a curve come first in files of OpenSSL
		}
		if err != nil {
			return nil, err
		}
		if signer, ok := key.(crypto.Signer); ok && usable(signer) {
			return signer, nil
		}
		return nil, errors.New("unsupported kind of key")
	}
	return nil, errors.New("no private key in PEM form")
}

// usable reports whether JSON Web Signatures of an account can be made with the key.
func usable(key crypto.Signer) bool {
	switch k := key.Public().(type) {
	case *ecdsa.PublicKey:
		return curveOf(k.Curve.Params().BitSize) == k.Curve
	case interface{ Size() int }: // RSA, in bytes
		return k.Size() >= 256
	}
	return false
}
