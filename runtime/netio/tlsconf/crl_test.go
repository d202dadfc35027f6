package tlsconf

import "testing"

// testdata/crl-v1.pem is a CA and its list without extensions, which `openssl
// ca -gencrl` writes as version 1.
func TestLoadCRLVersion1(t *testing.T) {
	cas, err := LoadCA(readFile, "testdata/crl-v1.pem")
	if err != nil {
		t.Fatal(err)
	}
	lists, err := LoadCRL(readFile, "testdata/crl-v1.pem")
	if err != nil {
		t.Fatal(err)
	}
	list := lists[0]
	if err := list.CheckSignatureFrom(cas[0]); err != nil {
		t.Errorf("signature: %v", err)
	}
	if len(list.RevokedCertificateEntries) != 1 || list.RevokedCertificateEntries[0].SerialNumber.Int64() != 0x2a {
		t.Errorf("entries: %v", list.RevokedCertificateEntries)
	}
	for i := range list.Raw {
		cut := append([]byte(nil), list.Raw[:i]...)
		if _, err := parseCRL(cut); err == nil {
			t.Fatalf("a list cut after %d bytes was read", i)
		}
	}
}
