package tlsconf

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

func newCRL(t *testing.T, ca *issued, next time.Time, serials ...int64) *x509.RevocationList {
	t.Helper()
	template := &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: testNow.Add(-2 * time.Hour), NextUpdate: next,
	}
	for _, s := range serials {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: big.NewInt(s), RevocationTime: testNow.Add(-time.Hour)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, ca.cert, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The wanted codes are those of `openssl verify` and of nginx's
// $ssl_client_verify for chains of the same shape.
func TestVerify(t *testing.T) {
	past, future := testNow.Add(-time.Minute), testNow.Add(time.Hour)
	root := issue(t, certSpec{cn: "root", ca: true})
	otherRoot := issue(t, certSpec{cn: "other root", ca: true})
	alone := issue(t, certSpec{cn: "alone"})
	mimic := issue(t, certSpec{cn: "alone", key: alone.key, serial: 2})
	int1 := issue(t, certSpec{cn: "int1", ca: true, by: root, serial: 11})
	int2 := issue(t, certSpec{cn: "int2", ca: true, by: int1, serial: 12})
	tight := issue(t, certSpec{cn: "tight", ca: true, by: root, edit: func(c *x509.Certificate) { c.MaxPathLenZero = true }})
	below := issue(t, certSpec{cn: "below", ca: true, by: tight})
	limited := issue(t, certSpec{cn: "limited", ca: true, by: root, edit: func(c *x509.Certificate) {
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.com"}, true
	}})
	oldRoot := issue(t, certSpec{cn: "old root", ca: true, notAfter: past})
	noSign := issue(t, certSpec{cn: "nosign", ca: true, by: root, edit: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }})
	leaf := func(by *issued, edit func(*x509.Certificate)) *issued {
		return issue(t, certSpec{cn: "client", by: by, serial: 77, edit: edit})
	}
	good := leaf(root, nil)
	forged := leaf(impostor(t, root), nil)

	certs := func(list ...*issued) (out []*x509.Certificate) {
		for _, i := range list {
			out = append(out, i.cert)
		}
		return out
	}
	tests := []struct {
		name    string
		peer    []*x509.Certificate
		trusted []*x509.Certificate
		depth   int
		crls    []*x509.RevocationList
		want    VerifyCode
	}{
		{name: "none", trusted: certs(root), depth: 1},
		{name: "good", peer: certs(good), trusted: certs(root), depth: 1},
		{name: "depth 0", peer: certs(good), trusted: certs(root)},
		{name: "intermediate sent", peer: certs(leaf(int1, nil), int1), trusted: certs(root), depth: 1},
		{name: "intermediate trusted", peer: certs(leaf(int1, nil)), trusted: certs(root, int1), depth: 1},
		{name: "intermediate missing", peer: certs(leaf(int1, nil)), trusted: certs(root), depth: 1, want: VerifyNoLeafSignature},
		{name: "too deep", peer: certs(leaf(int2, nil), int2, int1), trusted: certs(root), depth: 1, want: VerifyNoLocalIssuer},
		{name: "deep enough", peer: certs(leaf(int2, nil), int1, int2), trusted: certs(root), depth: 2},
		{name: "depth 0 and an intermediate", peer: certs(leaf(int1, nil), int1), trusted: certs(root), want: VerifyNoLocalIssuer},
		{name: "no partial chain", peer: certs(leaf(int1, nil)), trusted: certs(int1), depth: 1, want: VerifyNoIssuer},
		{name: "unknown authority", peer: certs(good), trusted: certs(otherRoot), depth: 1, want: VerifyNoLeafSignature},
		{name: "self-signed", peer: certs(leaf(nil, nil)), trusted: certs(root), depth: 1, want: VerifySelfSigned},
		{name: "self-signed, trusted", peer: certs(alone), trusted: certs(root, alone), depth: 1},
		{name: "authority as client", peer: certs(root), trusted: certs(root), depth: 1, want: VerifyPurpose},
		{name: "self-signed mimic", peer: certs(mimic), trusted: certs(alone), depth: 1, want: VerifySelfSigned},
		{name: "self-signed in chain", peer: certs(good, root), trusted: certs(otherRoot), depth: 1, want: VerifySelfSignedInChain},
		{name: "expired", peer: certs(leaf(root, func(c *x509.Certificate) { c.NotAfter = past })), trusted: certs(root), depth: 1, want: VerifyExpired},
		{name: "expired root", peer: certs(leaf(oldRoot, nil)), trusted: certs(oldRoot), depth: 1, want: VerifyExpired},
		{name: "not yet valid", peer: certs(leaf(root, func(c *x509.Certificate) { c.NotBefore = future })), trusted: certs(root), depth: 1, want: VerifyNotYetValid},
		{name: "expired and unknown", peer: certs(leaf(root, func(c *x509.Certificate) { c.NotAfter = past })), trusted: certs(otherRoot), depth: 1, want: VerifyExpired},
		{name: "forged", peer: certs(forged), trusted: certs(root), depth: 1, want: VerifyBadSignature},
		{name: "issuer is no CA", peer: certs(issue(t, certSpec{cn: "x", by: good}), good), trusted: certs(root), depth: 1, want: VerifyPurpose},
		{name: "CA may not sign", peer: certs(leaf(noSign, nil), noSign), trusted: certs(root), depth: 1, want: VerifyNoCertSign},
		{name: "client usage", peer: certs(leaf(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })), trusted: certs(root), depth: 1},
		{name: "server usage", peer: certs(leaf(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })), trusted: certs(root), depth: 1, want: VerifyPurpose},
		{name: "key usage", peer: certs(leaf(root, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })), trusted: certs(root), depth: 1, want: VerifyPurpose},
		{name: "path length", peer: certs(leaf(below, nil), below, tight), trusted: certs(root), depth: 3, want: VerifyPathLength},
		{name: "critical extension", peer: certs(leaf(root, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		})), trusted: certs(root), depth: 1, want: VerifyCriticalExtension},
		{name: "name constraint kept", peer: certs(leaf(limited, func(c *x509.Certificate) { c.DNSNames = []string{"a.example.com"} }), limited), trusted: certs(root), depth: 1},
		{name: "name constraint broken", peer: certs(leaf(limited, func(c *x509.Certificate) { c.DNSNames = []string{"a.example.net"} }), limited), trusted: certs(root), depth: 1, want: VerifyPermittedViolation},
		{name: "not revoked", peer: certs(good), trusted: certs(root), depth: 1, crls: []*x509.RevocationList{newCRL(t, root, future, 5)}},
		{name: "revoked", peer: certs(good), trusted: certs(root), depth: 1, crls: []*x509.RevocationList{newCRL(t, root, future, 77)}, want: VerifyRevoked},
		{name: "no CRL", peer: certs(good), trusted: certs(root), depth: 1, crls: []*x509.RevocationList{newCRL(t, otherRoot, future)}, want: VerifyNoCRL},
		{name: "no CRL of an intermediate", peer: certs(leaf(int1, nil), int1), trusted: certs(root), depth: 1, crls: []*x509.RevocationList{newCRL(t, root, future)}, want: VerifyNoCRL},
		{name: "intermediate revoked", peer: certs(leaf(int1, nil), int1), trusted: certs(root), depth: 1, crls: []*x509.RevocationList{newCRL(t, root, future, 11), newCRL(t, int1, future)}, want: VerifyRevoked},
		{name: "expired CRL", peer: certs(good), trusted: certs(root), depth: 1, crls: []*x509.RevocationList{newCRL(t, root, past)}, want: VerifyCRLExpired},
		{name: "current CRL first", peer: certs(good), trusted: certs(root), depth: 1, crls: []*x509.RevocationList{newCRL(t, root, past, 77), newCRL(t, root, future)}},
		{name: "forged CRL", peer: certs(good), trusted: certs(root), depth: 1, crls: []*x509.RevocationList{newCRL(t, impostor(t, root), future)}, want: VerifyCRLBadSignature},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := NewVerifier(VerifyOptions{Trusted: tt.trusted, CRLs: tt.crls, Depth: tt.depth, Usage: x509.ExtKeyUsageClientAuth})
			if got := v.Verify(tt.peer, testNow); got != tt.want {
				t.Errorf("got %d (%v), want %d (%v)", got, got, tt.want, tt.want)
			}
		})
	}
}

// impostor has the names of ca and a key of its own.
func impostor(t *testing.T, ca *issued) *issued {
	t.Helper()
	cert, key := *ca.cert, newECKey(t)
	cert.PublicKey = key.Public()
	return &issued{&cert, key}
}

func TestVerifyCodeTexts(t *testing.T) {
	for _, tt := range []struct {
		code VerifyCode
		cert bool
		want string
	}{
		{VerifyOK, false, "NONE"},
		{VerifyOK, true, "SUCCESS"},
		{VerifyNoLeafSignature, true, "FAILED:unable to verify the first certificate"},
		{VerifyExpired, true, "FAILED:certificate has expired"},
		{VerifySelfSigned, true, "FAILED:self-signed certificate"},
		{VerifyCode(1234), true, "FAILED:error number 1234"},
	} {
		if got := tt.code.ClientVerify(tt.cert); got != tt.want {
			t.Errorf("%d: %q, want %q", tt.code, got, tt.want)
		}
	}
	for code := VerifyCode(0); code < 100; code++ {
		want := code >= 18 && code <= 21
		if code.Untrusted() != want {
			t.Errorf("Untrusted(%d) = %v", code, !want)
		}
	}
}
