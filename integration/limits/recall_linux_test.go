package limits

import (
	"strings"
	"testing"
)

// TestReloadBesideIdle: a new configuration is taken by thousands of idle connections without a goroutine for each at once.
func TestReloadBesideIdle(t *testing.T) {
	t.Parallel()
	const idle = 4000
	conf := `
pid logs/nginx.pid;
worker_rlimit_nofile 10000;
events { worker_connections 8000; }
http { include temp-paths.conf; access_log off; server { listen %%ADDR%%; location / { return 200 "<0>"; } } }
`
	within(t, setup{text: "\n-- nginx.conf --\n" + conf}, 8*mb, func(s *site) size {
		for range idle {
			c := s.dial()
			if got := c.ask("a"); !strings.Contains(got, "<0>") {
				t.Fatalf("%q", got)
			}
		}
		s.settled()
		return s.growth(func() { s.reload(strings.Replace(conf, "<0>", "<1>", 1), "<1>") })
	})
}
