package limits

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// TestReloadRetiresUpstreamConnections: an idle connection to an application is kept over a reload while the new
// configuration can use it, and closed at once where it has no place for it.
func TestReloadRetiresUpstreamConnections(t *testing.T) {
	t.Parallel()
	const (
		soon    = 8 * time.Second // an application of the harness closes by itself after 15
		pool    = "upstream app { server %%UPSTREAM%%; keepalive 4; keepalive_timeout 1h; } "
		plain   = "location /app { proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_pass http://app; } "
		nowhere = "upstream app { server 127.0.0.1:1; keepalive 4; keepalive_timeout 1h; } "
	)
	conf := func(http, server, said string) string {
		return "user nobody nogroup;\npid logs/nginx.pid;\nevents { worker_connections 64; }\nhttp { include temp-paths.conf;\n" + http +
			"server { listen %%ADDR%%; location / { return 200 <" + said + ">; } " + server + "} }\n"
	}
	for _, tc := range []struct {
		name, http, server string
		kept               bool
	}{
		{"nothing changes", pool, plain, true},
		{"another number", strings.Replace(pool, "keepalive 4", "keepalive 2", 1), plain, true},
		{"the upstream is gone", "", "", false},
		{"the upstream keeps none", "upstream app { server %%UPSTREAM%%; keepalive 0; } ", plain, false},
		{"for each location alone", strings.Replace(pool, "keepalive 4", "keepalive 4 local", 1), plain, false},
		{"its server is another", nowhere, plain, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, own bool) {
				var open, accepted atomic.Int64
				serve := answers("app")
				app := func(c net.Conn) {
					accepted.Add(1)
					open.Add(1)
					serve(c)
					open.Add(-1)
				}
				s := start(t, tested(), setup{own: own, apps: apps(app), text: "-- nginx.conf --\n" + conf(pool, plain, "before")})
				c := s.dial()
				c.ask2(t, "/app", "app")
				s.reload(conf(tc.http, tc.server, "after"), "<after>")
				if tc.kept {
					c.ask2(t, "/app", "app")
					if n := accepted.Load(); n != 1 {
						t.Errorf("%d connections, want one", n)
					}
					return
				}
				if !harness.Eventually(soon, func() bool { return open.Load() == 0 }) {
					t.Error("the connection is still there")
				}
			})
		})
	}
}

// TestReloadClosesWatcher: what idle connections wait in goes with the last upstream block.
func TestReloadClosesWatcher(t *testing.T) {
	t.Parallel()
	const (
		cycles  = 5
		pool    = "upstream app { server %%UPSTREAM%%; keepalive 4; keepalive_timeout 1h; } "
		plain   = "location /app { proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_pass http://app; } "
		pollers = "anon_inode:[eventpoll]"
	)
	conf := func(http, server, said string) string {
		return "user nobody nogroup;\npid logs/nginx.pid;\nevents { worker_connections 64; }\nhttp { include temp-paths.conf;\n" + http +
			"server { listen %%ADDR%%; location / { return 200 <" + said + ">; } " + server + "} }\n"
	}
	eachWay(t, func(t *testing.T, own bool) {
		s := start(t, tested(), setup{own: own, apps: apps(answers("app")), text: "-- nginx.conf --\n" + conf("", "", "first")})
		s.wantAnswer("<first>")
		before := s.descriptorsOf(pollers)
		for i := range cycles {
			said := fmt.Sprint(i)
			s.reload(conf(pool, plain, "with"+said), "<with"+said+">")
			s.dial().ask2(t, "/app", "app")
			s.eventually("the connection to be watched", func() bool { return s.descriptorsOf(pollers) > before })
			s.reload(conf("", "", "without"+said), "<without"+said+">")
			s.eventually("the watcher to end", func() bool { return s.descriptorsOf(pollers) <= before })
		}
	})
}
