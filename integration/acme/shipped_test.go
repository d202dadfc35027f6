package acme

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice"
	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// TestShipped: in the shipped configuration a domain name and one line without its # are enough. The test has another CA in the
// place of Let's Encrypt.
func TestShipped(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Skip("nginx has its module in a library of its own")
	}
	plain, secure := ports(t)
	a := startPebble(t, authorityOptions{httpPort: plain, tlsPort: secure})
	dir := folder(t)
	if err := os.CopyFS(dir, sluice.Assets()); err != nil {
		t.Fatal(err)
	}
	conf, err := os.ReadFile(filepath.Join(dir, "conf.d", "default.conf"))
	if err != nil {
		t.Fatal(err)
	}
	const line = "#include snippets/letsencrypt.conf;"
	if strings.Count(string(conf), line) != 1 || strings.Count(string(conf), "server_name localhost;") != 1 {
		t.Fatal("the line is missing")
	}
	text := strings.NewReplacer("8080", fmt.Sprint(plain), "8443", fmt.Sprint(secure), line, line[1:],
		"server_name localhost;", "server_name a.sluice.test;").Replace(string(conf))
	files := map[string]string{
		"conf.d/default.conf": text, "trusted.pem": string(a.trusted),
		"conf.d/00-test.conf": "include " + harness.TempPathsFile + "; error_log logs/error.log info;\nacme_issuer letsencrypt { uri " + a.directory +
			"; accept_terms_of_service; ssl_trusted_certificate trusted.pem; }",
		harness.TempPathsFile: "client_body_temp_path tmp;\n",
	}
	for to, from := range map[string]string{"self-signed.crt": "localhost.pem", "self-signed.key": "localhost.key"} {
		data, err := os.ReadFile(filepath.Join(lab.Certs, from))
		if err != nil {
			t.Fatal(err)
		}
		files["certs/"+to] = string(data)
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, dir, plain, secure, false)
	defer s.stop()
	s.body = "</html>"
	s.await(a, "a.sluice.test", nil)
}
