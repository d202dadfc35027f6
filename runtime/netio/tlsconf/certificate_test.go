package tlsconf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Queues as nginx 1.31.5 over OpenSSL 3.0 prints them for the same files.
const (
	auxFailed = `cannot load certificate "NAME": PEM_read_bio_X509_AUX() failed (SSL: `
	keyFailed = `cannot load certificate key "NAME": PEM_read_bio_PrivateKey() failed (SSL: `
	badDER    = "error:068000A8:asn1 encoding routines::wrong tag error:0688010A:asn1 encoding routines::nested asn1 error:Type="
	noFile    = `BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(NAME, r) error:10000080:BIO routines::no such file)`
	noStart   = `error:0480006C:PEM routines::no start line:Expecting: `
)

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func armoured(label, body string) string {
	return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n"
}

func TestLoadCertificateErrors(t *testing.T) {
	crt, key := read(t, "ec.crt"), read(t, "ec.key")
	other := pemKey(t, newECKey(t))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		crt, key  string // "": a file that does not exist
		passwords string
		want      string
	}{
		{"good", crt, key, "", ""},
		{"trusted certificate", read(t, "ec-trusted.crt"), key, "", ""},
		{"key first in one file", key + crt, "some text\n" + crt + key, "", ""},
		{"CRLF", strings.ReplaceAll(crt, "\n", "\r\n"), key, "", ""},
		{"no certificate file", "", key, "", `cannot load certificate "NAME": ` + noFile},
		{"empty certificate", "\n", key, "", auxFailed + noStart + "TRUSTED CERTIFICATE)"},
		{"key as certificate", key, key, "", auxFailed + noStart + "TRUSTED CERTIFICATE)"},
		{"bad base64", armoured("CERTIFICATE", "!!!!"), key, "", auxFailed + "error:04800064:PEM routines::bad base64 decode)"},
		{"bad DER", armoured("CERTIFICATE", "AAAA"), key, "", auxFailed + badDER + "X509 error:0488000D:PEM routines::ASN1 lib)"},
		{"no end line", crt[:400], key, "", auxFailed + "error:04800066:PEM routines::bad end line)"},
		{"other end line", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END FOO-----\n", key, "", auxFailed + "error:04800066:PEM routines::bad end line)"},
		{"damaged link", crt + armoured("CERTIFICATE", "!!!!"), key, "", `cannot load certificate "NAME": PEM_read_bio_X509() failed (SSL: error:04800064:PEM routines::bad base64 decode)`},
		{"no key file", crt, "", "", `cannot load certificate key "NAME": ` + noFile},
		{"empty key", crt, "\n", "", keyFailed + errUndecodable + ")"},
		{"certificate as key", crt, crt, "", keyFailed + errUndecodable + ")"},
		{"truncated key", crt, key[:len(key)-60], "", keyFailed + errUndecodable + ")"},
		{"bad PKCS8 key", crt, armoured("PRIVATE KEY", "AAAA"), "", keyFailed + errUndecodable + " " + badDER + "PKCS8_PRIV_KEY_INFO)"},
		{"bad RSA key", crt, armoured("RSA PRIVATE KEY", "AAAA"), "", keyFailed + errUndecodable + " " + badDER + "RSAPrivateKey " + badDER + "PKCS8_PRIV_KEY_INFO)"},
		{"other key", crt, other, "", `SSL_CTX_use_PrivateKey("NAME") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`},
		{"key of another type", crt, pemKey(t, rsaKey), "", `SSL_CTX_use_PrivateKey("NAME") failed (SSL: error:05800073:x509 certificate routines::key type mismatch)`},
		{"wrong password", crt, read(t, "ec-legacy-aes256.key"), "wrong", keyFailed + "error:1C800064:Provider routines::bad decrypt error:04800065:PEM routines::bad decrypt)"},
		{"wrong password, PKCS8", crt, read(t, "ec-pbes2-aes-256-cbc.key"), "wrong", keyFailed + "error:1C800064:Provider routines::bad decrypt error:11800074:PKCS12 routines::pkcs12 cipherfinal error:maybe wrong password error:1C800064:Provider routines::bad decrypt error:11800074:PKCS12 routines::pkcs12 cipherfinal error:maybe wrong password)"},
		{"no password", crt, read(t, "ec-legacy-aes256.key"), "", keyFailed + "error:0480006D:PEM routines::problems getting password error:07880109:common libcrypto routines::interrupted or cancelled error:04800068:PEM routines::bad password read)"},
		{"second password", crt, read(t, "ec-legacy-aes128.key"), "wrong sesame", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			crtName, keyName := put(t, dir, "x.crt", tt.crt), put(t, dir, "x.key", tt.key)
			var passwords [][]byte
			for p := range strings.FieldsSeq(tt.passwords) {
				passwords = append(passwords, []byte(p))
			}
			c, err := LoadCertificate(crtName, keyName, passwords)
			if tt.want == "" {
				if err != nil || c.Leaf.Subject.CommonName != "ec.example" {
					t.Fatalf("LoadCertificate: %v", err)
				}
				return
			}
			name := crtName
			if strings.Contains(tt.want, "certificate key") || strings.Contains(tt.want, "PrivateKey(") {
				name = keyName
			}
			if want := strings.ReplaceAll(tt.want, "NAME", name); err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestLoadCertificateData(t *testing.T) {
	if _, err := LoadCertificate("data:"+read(t, "ec.crt"), "data:"+read(t, "ec.key"), nil); err != nil {
		t.Error(err)
	}
	_, err := LoadCertificate("data:foo", "", nil)
	if want := strings.ReplaceAll(auxFailed, "NAME", "data:foo") + noStart + "TRUSTED CERTIFICATE)"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = LoadCertificate("testdata/ec.crt", "engine:foo:bar", nil)
	if err == nil || err.Error() != `cannot load certificate key "engine:foo:bar": loading "engine:..." certificate keys is not supported` {
		t.Error(err)
	}
	if _, err = LoadCertificate("testdata/none", "", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not ErrNotExist", err)
	}
}

func TestEncryptedKeys(t *testing.T) {
	names, err := filepath.Glob("testdata/ec-*-*.key")
	if err != nil || len(names) < 9 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if _, err := LoadCertificate("testdata/ec.crt", name, [][]byte{[]byte("sesame")}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoadCRLErrors(t *testing.T) {
	_, err := LoadCRL(readFile, "testdata/ec.crt")
	if want := `cannot load CRL "testdata/ec.crt": PEM_read_bio_X509_CRL() failed (SSL: ` + noStart + "X509 CRL)"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = LoadCRL(readFile, "/nonexistent")
	if want := `cannot load CRL "/nonexistent": ` + strings.ReplaceAll(noFile, "NAME", "/nonexistent"); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestArrange(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	pair := func(cn string, key crypto.Signer) *tls.Certificate {
		leaf := issue(t, certSpec{cn: cn, key: key}).cert
		return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	}
	got := ""
	for _, c := range Arrange([]*tls.Certificate{
		pair("rsa1", rsaKey), pair("ec1", newECKey(t)), pair("ed", edKey), pair("rsa2", rsaKey), pair("ec2", newECKey(t)),
	}) {
		got += " " + c.Leaf.Subject.CommonName
	}
	if got != " ec2 ed rsa2" {
		t.Errorf("Arrange kept%s", got)
	}
}

func TestReadPasswords(t *testing.T) {
	long := strings.Repeat("x", maxPassword)
	tests := []struct{ text, want, err string }{
		{"one\ntwo\r\n\nthree", "one|two|three", ""},
		{"", "", ""},
		{"\n\n", "", ""},
		{long + "\n", "", `too long line in "NAME"`},
	}
	for _, tt := range tests {
		name := filepath.Join(t.TempDir(), "pass")
		if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := ReadPasswords(readFile, name)
		if tt.err != "" {
			if err == nil || err.Error() != strings.ReplaceAll(tt.err, "NAME", name) {
				t.Errorf("%q: %v", tt.text, err)
			}
			continue
		}
		var got []string
		for _, p := range list {
			got = append(got, string(p))
		}
		if err != nil || len(list) == 0 || strings.Join(got, "|") != tt.want {
			t.Errorf("%q: %q, %v", tt.text, got, err)
		}
	}
	_, err := ReadPasswords(readFile, "/nonexistent")
	if err == nil || err.Error() != `open() "/nonexistent" failed (2: No such file or directory)` {
		t.Error(err)
	}
}

func FuzzReadCertificates(f *testing.F) {
	for _, name := range []string{"ec.crt", "ec-trusted.crt", "ec.key"} {
		f.Add(read(f, name))
	}
	f.Add("-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\nAAAA\n-----END CERTIFICATE-----")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ReadFile(readFile).certificates(dataPrefix+text, true)
		if (err == nil) != (len(list) > 0) {
			t.Fatalf("%d certificates, %v", len(list), err)
		}
	})
}

func FuzzLoadKey(f *testing.F) {
	for _, name := range []string{"ec.key", "ec-legacy-aes128.key", "ec-legacy-des3.key", "ec-pbes2-aes-256-cbc.key"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ReadFile(readFile).key(dataPrefix+text, [][]byte{[]byte("sesame")})
		if (err == nil) != (key != nil) {
			t.Fatalf("%v, %v", key, err)
		}
	})
}

func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if text != "" {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func newECKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemKey(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return encodePEM("PRIVATE KEY", der)
}
