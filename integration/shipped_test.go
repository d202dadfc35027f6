package integration

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice"
	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// ownPorts takes the fixed ports out of the shipped configuration.
var ownPorts = strings.NewReplacer("8080", "%%PORT%%", "8443", "%%PORT_2%%", "127.0.0.1:7878", "%%UPSTREAM%%")

// withAssets returns the text of a case with the shipped files in it, but for those the case has itself.
func withAssets(t *testing.T, caseFile string, replace func(string) string) []byte {
	t.Helper()
	text, err := os.ReadFile(caseFile)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.Write(text)
	err = fs.WalkDir(sluice.Assets(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "nginx.conf" && strings.Contains(string(text), "-- http.conf --") {
			return err
		}
		data, err := fs.ReadFile(sluice.Assets(), name)
		fmt.Fprintf(&b, "-- %s --\n%s", name, replace(string(data)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}

// ownFolder begins an http block that keeps everything in the server's folder, also for an nginx made to use the system's.
const ownFolder = "http { access_log logs/access.log; include " + harness.TempPathsFile + "; "

func shippedCase(t *testing.T) *harness.Case {
	return shippedCaseOf(t, "testdata/shipped.txtar", strings.Clone)
}

// shippedCaseOf is the shipped configuration, changed, with the requests of a file.
func shippedCaseOf(t *testing.T, file string, change func(string) string) *harness.Case {
	t.Helper()
	text := withAssets(t, file, func(s string) string {
		if strings.Contains(s, "<html") {
			return s // the pages name the ports to a reader
		}
		return change(ownPorts.Replace(s))
	})
	c, err := harness.ParseCase("shipped", text)
	if err != nil {
		t.Fatal(err)
	}
	c.Conf = strings.Replace(c.Conf, "http {", "http { include "+harness.TempPathsFile+";", 1)
	// The harness looks in nginx.conf for the ports to wait for; they are in a file it includes.
	c.Conf += "# listens at %%PORT%% and %%PORT_2%%\n"
	return c
}

// TestShipped plays requests to everything the shipped configuration offers.
func TestShipped(t *testing.T) {
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, shippedCase(t), known)
}

// TestSnippets plays requests to places that include the snippets which the shipped configuration does not.
func TestSnippets(t *testing.T) {
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	c, err := harness.ParseCase("snippets", withAssets(t, "testdata/snippets.txtar", func(s string) string { return s }))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, c, known)
}

// snippetContexts are configurations that have each snippet in a context it is made for, where INCLUDE is the line to include
// it. A snippet that is missing here fails the test.
var snippetContexts = map[string][]string{
	"cache-static.conf":     {"http { INCLUDE }", "http { server { INCLUDE } }", "http { server { location / { INCLUDE } } }"},
	"deny-hidden.conf":      {"http { server { INCLUDE } }"},
	"fastcgi-params.conf":   {"http { INCLUDE }", "http { server { location / { INCLUDE fastcgi_pass 127.0.0.1:9000; } } }"},
	"fastcgi-php.conf":      {"http { server { location ~ [^/]\\.php(/|$) { INCLUDE fastcgi_pass unix:/run/php.sock; } } }"},
	"gzip.conf":             {"http { INCLUDE }", "http { server { INCLUDE } }", "http { server { location / { INCLUDE } } }"},
	"letsencrypt.conf":      {"http { server { server_name a.example; INCLUDE } }", "http { server { listen %%ADDR%% ssl; server_name a.example; INCLUDE } }"},
	"proxy-params.conf":     {"http { INCLUDE }", "http { server { location / { INCLUDE proxy_pass http://127.0.0.1:7878; } } }"},
	"scgi-params.conf":      {"http { INCLUDE }", "http { server { location / { INCLUDE scgi_pass 127.0.0.1:9000; } } }"},
	"security-headers.conf": {"http { INCLUDE }", "http { server { INCLUDE } }", "http { server { location / { INCLUDE } } }"},
	"self-signed.conf":      {"http { INCLUDE }", "http { server { listen %%ADDR%% ssl; INCLUDE } }"},
	"ssl-headers.conf":      {"http { INCLUDE }", "http { server { INCLUDE } }", "http { server { location / { INCLUDE } } }"},
	"ssl-params.conf":       {"http { INCLUDE }", "http { include snippets/self-signed.conf; server { listen %%ADDR%% ssl; INCLUDE } }"},
	"ssl-stapling.conf":     {"http { INCLUDE }", "http { server { INCLUDE } }"},
	"uwsgi-params.conf":     {"http { INCLUDE }", "http { server { location / { INCLUDE uwsgi_pass 127.0.0.1:9000; } } }"},
	"websocket.conf": {
		"http { include conf.d/00-maps.conf; INCLUDE }",
		"http { include conf.d/00-maps.conf; server { location / { include snippets/proxy-params.conf; INCLUDE proxy_pass http://127.0.0.1:7878; } } }",
	},
}

// TestSnippetsLoad has both servers check every snippet where it may stand.
func TestSnippetsLoad(t *testing.T) {
	names, err := fs.Glob(sluice.Assets(), "snippets/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		contexts := snippetContexts[path.Base(name)]
		if len(contexts) == 0 {
			t.Errorf("%s: no context to load it in", name)
		}
		t.Run(path.Base(name), func(t *testing.T) {
			for _, context := range contexts {
				conf := strings.ReplaceAll(context, "INCLUDE", "include "+name+";")
				if path.Base(name) != "letsencrypt.conf" { // nginx has its module in a library of its own
					checkConf(t, lab.Oracle, conf)
				}
				checkConf(t, lab.Tested, conf)
			}
		})
	}
}

// checkConf has a server check a configuration among the shipped files.
func checkConf(t *testing.T, binary, conf string) {
	t.Helper()
	port, err := lab.Ports.Take(1)
	if err != nil {
		t.Fatal(err)
	}
	conf = strings.ReplaceAll(conf, "%%ADDR%%", testport.Addr(port[0]))
	dir := t.TempDir()
	if err := os.CopyFS(dir, sluice.Assets()); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{"self-signed.crt": "localhost.pem", "self-signed.key": "localhost.key"} {
		data, err := os.ReadFile(lab.Certs + "/" + from)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir+"/certs/"+to, string(data))
	}
	write(t, dir+"/logs/x", "")
	write(t, dir+"/"+harness.TempPathsFile, lab.TempPaths[binary])
	write(t, dir+"/test.conf", "pid logs/pid; events { }\n"+strings.Replace(conf, "http {", ownFolder, 1))
	cmd := exec.CommandContext(t.Context(), binary, "-t", "-q", "-p", dir+"/", "-c", "test.conf", "-e", "logs/error.log")
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%s -t: %v\n%s\n%s", binary, err, conf, out)
	}
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(path.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}
