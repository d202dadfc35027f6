package integration

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/explain"
)

// pageConf caches the pages of an application by RFC 9111.
const pageConf = `-- http.conf --
fastcgi_cache_path cache keys_zone=pages:1m;
fastcgi_cache_key $host$request_uri;
fastcgi_cache_rfc9111 on;
server {
    listen %%ADDR%%;
    add_header X-Cache $upstream_cache_status always;
    location / {
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param DOCUMENT_URI $document_uri;
        fastcgi_param SCRIPT_FILENAME PHPFILE;
        fastcgi_cache pages;
        fastcgi_pass unix:SOCKET;
    }
}
-- requests --
GET /
`

// page is a page that changes with each POST, says so by its ETag, and wants to be validated each time; /kept says that it
// is fresh for a while, and that it is some seconds old.
const page = `<?php
$file = __DIR__ . '/version';
$version = (int)@file_get_contents($file);
if ($_SERVER['REQUEST_METHOD'] == 'POST') {
    file_put_contents($file, ++$version);
    header('Location: /kept', true, 303);
    exit;
}
header('ETag: "v' . $version . '"');
header('X-Asked: ' . ($_SERVER['HTTP_IF_NONE_MATCH'] ?? 'no'));
if ($_SERVER['DOCUMENT_URI'] == '/kept') {
    header('Cache-Control: max-age=600');
    header('Age: 100');
} else {
    header('Cache-Control: no-cache');
}
if (($_SERVER['HTTP_IF_NONE_MATCH'] ?? '') == '"v' . $version . '"') {
    http_response_code(304);
    exit;
}
echo 'version ', $version;
`

// TestCacheByRFC9111 has pages of PHP cached by RFC 9111: they are validated, removed by what changes them, and explain says
// why they are fresh or not. Without the switch, after a reload, the same entries are used by nginx's rules.
func TestCacheByRFC9111(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Log("nginx has no such directive")
		return
	}
	socket := startPHP(t)
	dir, err := os.MkdirTemp(lab.Dir, "pages-")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "page.php")
	write(t, script, page)
	if err := harness.GiveAway(dir); err != nil {
		t.Fatal(err)
	}
	c, err := harness.ParseCase("rfc9111", []byte(strings.NewReplacer("SOCKET", socket, "PHPFILE", script).Replace(pageConf)))
	if err != nil {
		t.Fatal(err)
	}
	srv, err := lab.Serve(t.Context(), c, lab.Tested)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := pages{t, "http://" + srv.Addr(1)}
	b.ask("GET", "/", "200 MISS version 0")
	r := b.ask("GET", "/", "200 REVALIDATED version 0")
	if got := r.Header.Get("X-Asked"); got != `"v0"` {
		t.Errorf("validated by %s", got)
	}
	b.ask("GET", "/kept", "504 MISS", "Cache-Control: only-if-cached")
	b.ask("GET", "/kept", "200 MISS version 0")
	if got := b.ask("GET", "/kept", "200 HIT version 0").Header.Get("Age"); len(got) != 3 || got[0] != '1' {
		t.Errorf("Age %s", got)
	}
	b.ask("GET", "/kept", "200 REVALIDATED version 0", "Cache-Control: max-age=50")

	b.explain(srv, "/kept", "", "how long it is fresh says max-age", "and is fresh for 8m")
	b.explain(srv, "/kept", "Cache-Control: no-cache", "without being validated, which says no-cache")
	b.explain(srv, "/", "", "how long it is fresh says no-cache", "not sent if that fails: it says no-cache")

	b.ask("POST", "/", "303 ")
	b.ask("GET", "/kept", "200 MISS version 1")
	b.ask("GET", "/", "200 MISS version 1")
	b.ask("GET", "/", "200 REVALIDATED version 1")

	conf := filepath.Join(srv.Dir(), "nginx.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	write(t, conf, strings.Replace(string(text), "fastcgi_cache_rfc9111 on", "fastcgi_cache_rfc9111 off", 1))
	if err := syscall.Kill(srv.Pid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if !harness.Eventually(30*time.Second, func() bool { return b.get("/kept", "Cache-Control: no-cache").Header.Get("X-Cache") == "HIT" }) {
		t.Error("the switch is not off")
	}
	if got := b.get("/kept").Header.Get("Age"); got != "" {
		t.Errorf("Age %s without the switch", got)
	}
}

// pages requests pages.
type pages struct {
	t    *testing.T
	base string
}

func (b *pages) get(path string, fields ...string) *http.Response { return b.send("GET", path, fields) }

// send requests a page; the body is read into memory.
func (b *pages) send(method, path string, fields []string) *http.Response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = firstOf(err, resp.Body.Close()); err != nil {
		b.t.Fatal(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp
}

func firstOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// ask requests a page; want is "STATUS CACHE BODY", where the body of an error does not count.
func (b *pages) ask(method, path, want string, fields ...string) *http.Response {
	b.t.Helper()
	resp := b.send(method, path, fields)
	got := strings.TrimSuffix(resp.Status[:4]+resp.Header.Get("X-Cache"), " ")
	if resp.StatusCode == http.StatusOK {
		body, _ := io.ReadAll(resp.Body) // from memory
		got += " " + string(body)
	}
	if got != strings.TrimSuffix(want, " ") {
		b.t.Errorf("%s %s %q: %s, want %s", method, path, fields, got, want)
	}
	return resp
}

// explain asks what explain says of a request, which is to have some texts in it.
func (b *pages) explain(srv *harness.Running, path, field string, want ...string) {
	b.t.Helper()
	e, err := explain.Load(runtime.Options{ConfPath: srv.Dir() + "/nginx.conf", Prefix: srv.Dir() + "/"})
	if err != nil {
		b.t.Fatal(err)
	}
	q := &explain.Question{URL: b.base + path, Method: "GET", To: srv.Addr(1)}
	if field != "" {
		q.Headers = []string{field}
	}
	r, err := e.Explain(q)
	if err != nil {
		b.t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		b.t.Fatal(err)
	}
	for _, w := range want {
		if !strings.Contains(text.String(), w) {
			b.t.Errorf("%s %s: no %q in %s", path, field, w, &text)
		}
	}
}
