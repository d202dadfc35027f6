package limits

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// stateConf is a configuration whose state outlasts a worker.
func stateConf(http, server string) string {
	return "user nobody nogroup;\npid logs/nginx.pid;\nevents { worker_connections 512; }\nhttp { include temp-paths.conf;\n" + http +
		"server { listen %%ADDR%%; location /api { api write=on; client_body_buffer_size 64k; } " + server + "} }\n"
}

// stateDir is a folder for state files, which every worker may write.
func stateDir(t *testing.T) string {
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o777))
	return dir
}

// api sends a request to the API and returns the answer.
func (s *site) api(method, path, body string) string {
	c := s.dial()
	defer func() { _ = c.conn.Close() }()
	c.send(fmt.Sprintf("%s /api/9%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", method, path, len(body), body))
	return c.receive(patience).text()
}

const emptyZone = "keyval_zone zone=one:64m;"

// TestStateOutlastsWorker: pairs and servers that the API has changed are there when another worker takes the place of one
// that was killed, and after a reload.
func TestStateOutlastsWorker(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	conf := stateConf("keyval_zone zone=one:1m state="+dir+"/pairs; keyval $arg_k $v zone=one; "+
		"upstream u { zone u 64k; state "+dir+"/servers; } ", "location / { return 200 <$v>; } location /u { proxy_pass http://u; }")
	s := start(t, tested(), setup{own: true, text: "-- nginx.conf --\n" + conf})
	if got := s.api("POST", "/http/keyvals/one", `{"a":"first"}`); !strings.Contains(got, " 201 ") {
		t.Fatal(got)
	}
	if got := s.api("POST", "/http/upstreams/u/servers", `{"server":"127.0.0.1:1","weight":7}`); !strings.Contains(got, " 201 ") {
		t.Fatal(got)
	}
	s.eventually("the file of the pairs", func() bool {
		text, _ := os.ReadFile(dir + "/pairs")
		return strings.Contains(string(text), `"a": "first"`)
	})
	check := func(when string) {
		t.Helper()
		s.eventually("the pair "+when, func() bool { return strings.HasSuffix(s.api("GET", "/http/keyvals/one", ""), `{"a":"first"}`) })
		if got := s.api("GET", "/http/upstreams/u/servers", ""); !strings.Contains(got, `"server":"127.0.0.1:1","weight":7,`) {
			t.Errorf("%s: %s", when, got)
		}
	}
	for _, pid := range s.workers() {
		must(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	check("after a kill")
	s.reload(strings.Replace(conf, "return 200 <$v>", "return 200 after", 1), "after")
	check("after a reload")
}

// TestChecksThatHang: a check of a peer that never answers holds one goroutine and one connection, and ends with its
// configuration.
func TestChecksThatHang(t *testing.T) {
	t.Parallel()
	const peers = 20
	hang := func(c net.Conn) {
		b := make([]byte, 1)
		for {
			if _, err := c.Read(b); err != nil {
				return
			}
		}
	}
	servers := strings.Repeat("server %%UPSTREAM%%; ", peers)
	up := "upstream u { zone u 64k; " + servers + "} "
	check := "location / { return 200 here; } location /u { proxy_pass http://u; proxy_read_timeout 1h; %s }"
	s := start(t, tested(), setup{
		apps: apps(hang),
		text: "-- nginx.conf --\n" + stateConf(up, fmt.Sprintf(check, "")),
	})
	s.ping("/")()
	goroutines, descriptors := s.goroutines(), s.descriptors()
	s.reload(stateConf(up, strings.Replace(fmt.Sprintf(check, "health_check interval=50ms;"), "here", "checked", 1)), "checked")
	s.eventually("the checks", func() bool { return s.goroutines() >= goroutines+peers })
	time.Sleep(500 * time.Millisecond) // ten times the interval
	if n := s.goroutines(); n > goroutines+peers+10 {
		t.Errorf("%d goroutines for %d checks, %d without", n, peers, goroutines)
	}
	s.reload(stateConf(up, strings.Replace(fmt.Sprintf(check, ""), "here", "again", 1)), "again")
	s.eventually("the end of the checks' goroutines", func() bool { return s.goroutines() <= goroutines+3 })
	s.eventually("the end of their connections", func() bool { return s.descriptors() <= descriptors+3 })
}

// TestLargeChangeIsRefused: the API reads a body of at most client_body_buffer_size into memory.
func TestLargeChangeIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, tested(), setup{text: "-- nginx.conf --\n" + stateConf("client_max_body_size 0; keyval_zone zone=one:64m;", "location / { return 200 here; }")})
	grown := s.growth(func() {
		got := s.api("POST", "/http/keyvals/one", `{"a":"`+strings.Repeat("x", int(32*mb))+`"}`)
		if !strings.Contains(got, " 413 ") && got != "" {
			t.Errorf("%.200s", got)
		}
	})
	if grown > 8*mb*harness.Generosity {
		t.Errorf("grew by %v", grown)
	}
}

// TestHealthOutlastsReload: a peer that checks have found to be unhealthy gets no request after a reload either, one that
// was healthy is not checked first where the check is persistent, and without checks every peer is tried.
func TestHealthOutlastsReload(t *testing.T) {
	t.Parallel()
	const up = "upstream u { zone u 64k; server %%UPSTREAM%% max_fails=0; server %%UPSTREAM_2%% max_fails=0; } "
	conf := func(check, said string) string {
		return stateConf(up, "location / { return 200 "+said+"; } location /u { proxy_pass http://u; proxy_next_upstream off; "+check+" }")
	}
	bad := "HTTP/1.1 500 No\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad"
	s := start(t, tested(), setup{
		apps: apps(answers("good"), script(func(a *appConn) { a.head(); a.say("%s", bad) })),
		text: "-- nginx.conf --\n" + conf("health_check interval=100ms mandatory persistent;", "first"),
	})
	get := func() string {
		c := s.dial()
		defer func() { _ = c.conn.Close() }()
		c.send("GET /u HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		return c.receive(patience).text()
	}
	unhealthy := func() bool { return strings.Contains(s.api("GET", "/http/upstreams/u", ""), `"state":"unhealthy"`) }
	s.eventually("an unhealthy peer", unhealthy)
	s.eventually("a healthy peer", func() bool { return strings.HasSuffix(get(), "good") })
	s.reload(conf("health_check interval=1h jitter=1h mandatory persistent;", "second"), "second") // none soon
	for range 10 {
		if got := get(); !strings.HasSuffix(got, "good") {
			t.Fatalf("%q after a reload", got)
		}
	}
	s.reload(conf("", "third"), "third")
	s.eventually("the peer that is not checked any more", func() bool { return strings.HasSuffix(get(), "bad") })
}
