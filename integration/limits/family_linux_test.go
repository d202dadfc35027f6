package limits

import (
	"testing"
	"time"
)

// TestDelayedInclude: what is included and delayed by limit_req does not delay what is included behind it.
func TestDelayedInclude(t *testing.T) {
	t.Parallel()
	const delay = 2 * time.Second
	set := setup{
		text: `
-- http.conf --
limit_req_zone $server_addr zone=slow:1m rate=30r/m;
server {
    listen %%ADDR%%;
    root html;
    location / { ssi on; }
    location /delayed { limit_req zone=slow burst=5; root html; }
    location /app { proxy_pass http://%%UPSTREAM%%; }
}
-- html/index.html --
<!--#include virtual="/delayed" --><!--#include virtual="/app" -->
-- html/delayed --
delayed
`,
		apps: apps(script(func(a *appConn) {
			a.head()
			a.pause(delay)
			a.say("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nincluded")
		})),
	}
	asLong(t, set, func(s *site) time.Duration {
		first := s.dial()
		first.send("GET /delayed HTTP/1.1\r\nHost: a\r\n\r\n")
		first.receiveUntil("delayed", patience)
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		got := c.receive(patience)
		if got.at("delayed\n") < delay/2 || got.at("included") < 0 {
			t.Errorf("%s: %q after %v", s, got.text(), got.ended)
		}
		return got.ended
	})
}
