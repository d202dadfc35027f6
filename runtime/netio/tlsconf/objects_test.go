package tlsconf

import (
	"os"
	"testing"
)

// What is read once stays, even when its file goes.
func TestObjects(t *testing.T) {
	dir := t.TempDir()
	crt, key := put(t, dir, "c.crt", read(t, "ec.crt")), put(t, dir, "c.key", read(t, "ec.key"))
	crl := put(t, dir, "l.crl", read(t, "crl-v1.pem"))
	for name, o := range map[string]*Objects{
		"alone": {Read: readFile}, "inheriting": {Read: readFile, Inherited: &CertificateCache{Max: 2}},
	} {
		first, err := o.Certificate(crt, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := o.Certificate(crt, key, nil); err != nil || again != first {
			t.Errorf("%s: the certificate was read twice: %v", name, err)
		}
		if _, err := o.Certificate(crt, key, [][]byte{[]byte("other")}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := o.Certificate(crt, crt, nil); err == nil {
			t.Errorf("%s: a certificate served as key", name)
		}
	}
	o := Objects{Read: readFile}
	cas, err := o.CA(crt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.CRL(crl); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if again, err := o.CA(crt); err != nil || len(again) != len(cas) {
		t.Errorf("authorities: %v", err)
	}
	if _, err := o.CRL(crl); err != nil {
		t.Errorf("list: %v", err)
	}
	if _, err := o.CA("/nonexistent"); err == nil {
		t.Error("no error")
	}
}
