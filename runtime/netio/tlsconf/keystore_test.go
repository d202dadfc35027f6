package tlsconf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStoredKeys: the files of OpenSSL's key stores, and what nginx 1.31.5 says where there is no key in them.
func TestStoredKeys(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, parts ...string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(parts, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const damaged = "-----BEGIN PRIVATE KEY-----\nMHcCAQEEIAAA\n-----END PRIVATE KEY-----\n"
	write("key", read(t, "ec.key"))
	write("both", read(t, "ec.crt"), damaged, read(t, "ec.key"))
	write("old", read(t, "ec-legacy-aes128.key"))
	write("new", read(t, "ec-pbes2-aes-256-cbc.key"))
	write("damaged", damaged)
	write("junk", "hello\n")
	const (
		open = `OSSL_STORE_open() failed (SSL: error:16000069:STORE routines::unregistered scheme:scheme=file`
		load = `OSSL_STORE_load() failed`
		gone = ` error:80000002:system library::No such file or directory:calling stat(`
	)
	for _, tt := range []struct{ name, uri, passwords, want string }{
		{"URI", "file:DIR/key", "", ""},
		{"no host", "file://DIR/key", "", ""},
		{"this host", "File://LocalHost/DIR/key", "", ""},
		{"path", "DIR/key", "", ""},
		{"the first that can be read", "file:DIR/both", "", ""},
		{"encrypted", "file:DIR/old", "sesame", ""},
		{"encrypted, PKCS #8", "file:DIR/new", "sesame", ""},
		{"another host", "file://other/key", "", open + ` error:1C8000DF:Provider routines::uri authority unsupported)`},
		{"relative", "file:key", "", open + gone + `file:key) error:1C8000DB:Provider routines::path must be absolute:Given path=key)`},
		{"relative, no host", "file://", "", open + ` error:1C8000DF:Provider routines::uri authority unsupported)`},
		{"missing", "file:DIR/none", "", open + gone + `file:DIR/none)` + gone + `DIR/none))`},
		{"missing, no host", "file://DIR/none", "", open + gone + `DIR/none))`},
		{"missing path", "DIR/none", "", open + gone + `DIR/none))`},
		{"below a file", "DIR/key/x", "", open + ` error:80000014:system library::Not a directory:calling stat(DIR/key/x))`},
		{"nothing", "", "", open + gone + `))`},
		{"no key", "file:DIR/junk", "", load},
		{"folder", "file:DIR", "", load},
		{"damaged", "file:DIR/damaged", "", load + ` (SSL: error:1608010C:STORE routines::unsupported)`},
		{"no password", "file:DIR/old", "", load + ` (SSL: error:07880106:common libcrypto routines::passed invalid argument:` +
			`No password method specified error:04800068:PEM routines::bad password read)`},
		{"no password, PKCS #8", "file:DIR/new", "", load + ` (SSL: error:1608010C:STORE routines::unsupported ` +
			`error:07880106:common libcrypto routines::passed invalid argument:No password method specified ` +
			`error:1C80009F:Provider routines::unable to get passphrase)`},
		{"only the first password", "file:DIR/old", "wrong sesame", load + ` (SSL: ` + errBadDecrypt + ` error:04800065:PEM routines::bad decrypt)`},
		{"wrong password, PKCS #8", "file:DIR/new", "wrong sesame", load + ` (SSL: error:1608010C:STORE routines::unsupported ` +
			errBadDecrypt + ` error:11800074:PKCS12 routines::pkcs12 cipherfinal error:maybe wrong password)`},
		{"token", "pkcs11:object=x", "", `loading "store:..." certificate keys is not supported`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := "store:" + strings.ReplaceAll(tt.uri, "DIR", dir)
			var passwords [][]byte
			for p := range strings.FieldsSeq(tt.passwords) {
				passwords = append(passwords, []byte(p))
			}
			_, err := LoadCertificate("testdata/ec.crt", name, passwords)
			want := ""
			if tt.want != "" {
				want = `cannot load certificate key "` + name + `": ` + strings.ReplaceAll(tt.want, "DIR", dir)
			}
			if got := text(err); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFileNames(t *testing.T) {
	absolute := func(name string) string { return "/etc/" + name }
	for _, tt := range []struct{ name, certificate, key string }{
		{"a.pem", "/etc/a.pem", "/etc/a.pem"},
		{"data:-----BEGIN", "data:-----BEGIN", "data:-----BEGIN"},
		{"engine:x:y", "/etc/engine:x:y", "engine:x:y"},
		{"store:file:/x", "/etc/store:file:/x", "store:file:/x"},
	} {
		if got := CertificateName(tt.name, absolute); got != tt.certificate {
			t.Errorf("certificate %s: %s, want %s", tt.name, got, tt.certificate)
		}
		if got := KeyName(tt.name, absolute); got != tt.key {
			t.Errorf("key %s: %s, want %s", tt.name, got, tt.key)
		}
	}
}
