package integration

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// uncommented takes the first sign off each line of a shipped example from its beginning on, which is a line "#upstream ...".
func uncommented(text string) string {
	words, example, _ := strings.Cut(text, "\n#upstream")
	return words + "\nupstream" + strings.ReplaceAll(example, "\n#", "\n")
}

// TestPython plays requests to a Flask application that Debian's uWSGI runs, with the shipped example for one.
func TestPython(t *testing.T) {
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(lab.Dir, "python-")
	if err != nil {
		t.Fatal(err)
	}
	ports, err := lab.Ports.Take(1)
	if err != nil {
		t.Fatal(err)
	}
	socket, secure := filepath.Join(dir, "app.sock"), testport.Addr(ports[0])
	text := withAssets(t, "testdata/python.txtar", func(s string) string {
		if !strings.Contains(s, "uwsgi_pass python;") {
			return s
		}
		s = uncommented(s)
		s = strings.ReplaceAll(s, "unix:/run/app.sock", "unix:"+socket)
		return strings.ReplaceAll(s, "listen      8081", "listen      %%ADDR%%")
	})
	text = bytes.ReplaceAll(text, []byte("%%SECURE%%"), []byte(secure))
	for _, name := range []string{"localhost.pem", "localhost.key"} {
		data, err := os.ReadFile(filepath.Join(lab.Certs, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(data))
	}
	_, app, _ := bytes.Cut(text, []byte("-- app/app.py --\n"))
	app, _, _ = bytes.Cut(app, []byte("\n-- "))
	write(t, filepath.Join(dir, "app.py"), string(app))
	if err := harness.GiveAway(dir); err != nil {
		t.Fatal(err)
	}
	startProgram(t, dir, "unix", socket, "uwsgi", "--plugin", "python3", "--socket", socket, "--chmod-socket=666",
		"--suwsgi-socket", secure+",localhost.pem,localhost.key", "--module", "app:app",
		"--processes", "2", "--master", "--need-app", "--disable-logging", "--buffer-size", "32768")
	c, err := harness.ParseCase("python", text)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, c, known)
}

// TestMemcached plays requests for what Debian's memcached holds.
func TestMemcached(t *testing.T) {
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	ports, err := lab.Ports.Take(1)
	if err != nil {
		t.Fatal(err)
	}
	addr := testport.Addr(ports[0])
	_, port, _ := strings.Cut(addr, ":")
	dir, err := os.MkdirTemp(lab.Dir, "memcached-")
	if err != nil {
		t.Fatal(err)
	}
	if err := harness.GiveAway(dir); err != nil {
		t.Fatal(err)
	}
	startProgram(t, dir, "tcp", addr, "memcached", "-l", "127.0.0.1", "-p", port, "-U", "0", "-m", "64", "-I", "4m")
	fill(t, addr)
	text, err := os.ReadFile("testdata/memcached.txtar")
	if err != nil {
		t.Fatal(err)
	}
	c, err := harness.ParseCase("memcached-real", bytes.ReplaceAll(text, []byte("%%MEMCACHED%%"), []byte(addr)))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, c, known)
}
