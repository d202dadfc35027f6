package runtime

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testclock"
)

// write makes a configuration file in a prefix of its own and returns the options that name it.
func write(t testing.TB, text string) Options {
	t.Helper()
	prefix := t.TempDir() + "/"
	for _, dir := range []string{"conf", "logs"} {
		if err := os.Mkdir(prefix+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Prefix: prefix, ConfPath: filepath.Join(prefix, "conf", "nginx.conf")}
	if err := os.WriteFile(o.ConfPath, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return o
}

// manySites is the configuration of a hoster: names of their own for every server, and the usual locations.
func manySites(servers int) string {
	var b bytes.Buffer
	b.WriteString("events {}\nhttp {\n default_type text/plain;\n")
	for i := range servers {
		fmt.Fprintf(&b, ` server {
  listen 127.0.0.1:8080;
  server_name site%[1]d.example.com www.site%[1]d.example.com;
  root /srv/site%[1]d;
  error_page 404 /404.html;
  location / { try_files $uri $uri/ /index.html; }
  location /static/ { etag off; }
  location = /health { return 204; }
  location ~* \.(png|jpg|css|js)$ { log_not_found off; }
  location /api/ { client_max_body_size 10m; keepalive_timeout 10s; }
 }
`, i)
	}
	b.WriteString("}\n")
	return b.String()
}

// TestManyServers holds the cost of a large configuration: 2,000 servers of 5 locations.
func TestManyServers(t *testing.T) {
	o := write(t, manySites(2000))
	goruntime.GC()
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	taken := testclock.Stopwatch()
	s, err := NewServer(o)
	took := taken()
	if err != nil {
		t.Fatal(err)
	}
	goruntime.ReadMemStats(&after)
	allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
	goruntime.GC()
	goruntime.ReadMemStats(&after)
	kept := (int64(after.HeapAlloc) - int64(before.HeapAlloc) - int64(len(s.host.reserve))) >> 20
	t.Logf("%v, %d MB allocated, %d MB kept", took.Round(time.Millisecond), allocated, kept)
	if len(s.Config().HTTP.Servers) != 2000 {
		t.Errorf("%d servers", len(s.Config().HTTP.Servers))
	}
	if took > 2*time.Second*slower {
		t.Errorf("loading took %v", took)
	}
	if kept > 100 {
		t.Errorf("the configuration takes %d MB", kept)
	}
}

func BenchmarkLoad(b *testing.B) {
	o := write(b, manySites(2000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewServer(o); err != nil {
			b.Fatal(err)
		}
	}
}
