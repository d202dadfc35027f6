package runtime

import (
	"bytes"
	"encoding/gob"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/inputs"
)

// issuerConf is a configuration whose CA cannot be reached.
const issuerConf = `events {}
http {
	acme_issuer ca { uri https://127.0.0.1:1/dir; MORE }
	server { listen unix:SOCKET ssl; server_name a.test; acme_certificate ca; ssl_certificate $acme_certificate; ssl_certificate_key $acme_certificate_key; }
}
`

// TestAcmeLate: the keys of accounts are read behind the syntax.
func TestAcmeLate(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := acme.DefaultKey().Generate()
	if err != nil {
		t.Fatal(err)
	}
	good, err := acme.MarshalKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for more, want := range map[string]string{
		"account_key " + file("good", string(good)) + ";":                                   "",
		"account_key " + file("bad", "junk") + ";":                                          "acme_issuer: cannot load account key: no private key in PEM form in /nginx.conf:3",
		"account_key /none;":                                                                "acme_issuer: cannot load account key: open() \"/none\" failed (2: No such file or directory) in /nginx.conf:3",
		"external_account_key k " + file("mac", "AAAA\n") + ";":                             "",
		"external_account_key k " + file("nomac", "A A") + ";":                              `"external_account_key" directive invalid base64url encoded value in /nginx.conf:3`,
		"external_account_key k /none;":                                                     "external_account_key: open() \"/none\" failed (2: No such file or directory) in /nginx.conf:3",
		"state_path off;} acme_shared_zone zone=a:1m; types { ":                             "",
		"state_path off;} acme_shared_zone bad; types { ":                                   `"acme_shared_zone" must have "zone" parameter in /nginx.conf:3`,
		"state_path off;} acme_shared_zone zone=a:bad; types { ":                            `acme_shared_zone: invalid zone size "a:bad" in /nginx.conf:3`,
		"state_path off;} acme_shared_zone zone=a; types { ":                                `acme_shared_zone: invalid zone size "a" in /nginx.conf:3`,
		"state_path off;} acme_shared_zone zone=a:1k; types { ":                             `acme_shared_zone: zone a is too small in /nginx.conf:3`,
		"state_path off;} acme_shared_zone zone=a:1m; acme_shared_zone zone=b:1m; types { ": `"acme_shared_zone" directive is duplicate in /nginx.conf:3`,
	} {
		problem, late := loadText(t, strings.NewReplacer("MORE", more, "SOCKET", "/s").Replace(issuerConf))
		if got := problem + late; got != want {
			t.Errorf("%s\n%q, want %q", more, got, want)
		}
	}
}

// TestAcmeRecord: what a worker is sent has no key of an account.
func TestAcmeRecord(t *testing.T) {
	o := write(t, strings.NewReplacer("SOCKET", "/s", "MORE", "account_key account.key; external_account_key k mac.key;").Replace(issuerConf))
	conf := filepath.Dir(o.ConfPath)
	key, err := acme.DefaultKey().Generate()
	if err != nil {
		t.Fatal(err)
	}
	text, err := acme.MarshalKey(key)
	if err != nil {
		t.Fatal(err)
	}
	const mac = "c2VjcmV0LW9mLXRoZS1hY2NvdW50"
	for name, content := range map[string]string{"account.key": string(text), "mac.key": mac} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := inputs.NewRecorder(inputs.System{})
	o.Inputs = r
	c := newHost().Load(o, nil)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(r.Record()); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte("PRIVATE KEY")) || bytes.Contains(b.Bytes(), []byte(mac)) {
		t.Error("a key is in the record")
	}
	for _, name := range []string{"account.key", "mac.key"} { // the worker gets by without
		if err := os.Remove(filepath.Join(conf, name)); err != nil {
			t.Fatal(err)
		}
	}
	o.Inputs, o.Follows = r.Record(), true
	if err := newHost().Load(o, nil).Err(); err != nil {
		t.Error(err)
	}
}

// TestAcmeServer: a server starts, reloads and ends whatever the CA does, and its account is in its folder.
func TestAcmeServer(t *testing.T) {
	dir, err := os.MkdirTemp("", "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	text := strings.NewReplacer("SOCKET", dir+"/s", "MORE", "state_path "+dir+"/state;").Replace(issuerConf)
	o := write(t, text)
	s, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err != nil {
		t.Error(err)
	}
	s.Pause()
	s.Resume()
	if st, err := os.Stat(dir + "/state"); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", st, err)
	}
	if err := os.WriteFile(o.ConfPath, []byte(strings.Replace(text, dir+"/state", dir+"/no/state", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err == nil || !strings.Contains(err.Error(), `mkdir() "`+dir+`/no/state" failed (2: No such file or directory)`) {
		t.Errorf("%v", err)
	}
	s.Quit()
}
