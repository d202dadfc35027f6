package limits

import (
	"strings"
	"testing"
)

// upgradedConf has an application that upgrades, and CONNECT where the server knows it.
const upgradedConf = `
-- nginx.conf --
worker_processes 1;
worker_rlimit_nofile 10000;
pid logs/nginx.pid;
error_log logs/error.log info;
events { worker_connections 8000; }
http {
    include temp-paths.conf;
    access_log off;
    server {
        listen %%ADDR%%;
        location / {
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_read_timeout 10m;
            proxy_pass http://%%UPSTREAM%%;
        }
    }
}
`

// TestIdleUpgraded: upgraded connections that say nothing take at most 4 KB each more than nginx's.
func TestIdleUpgraded(t *testing.T) {
	t.Parallel()
	const idle = 2000
	set := setup{text: upgradedConf, apps: apps(script(func(a *appConn) {
		if a.head() != "" {
			a.say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello")
			_, _ = a.in.ReadByte() // until the end
		}
	}))}
	beside(t, set, idle*(4<<10)+2*mb, func(s *site) size {
		open := func(n int) {
			for range n {
				c := s.dial()
				c.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				if got := c.receiveUntil("hello", patience); !strings.Contains(got.text(), "hello") {
					t.Fatalf("%s: %q", s, got.text())
				}
			}
		}
		open(50) // what the first requests make once
		before := s.settled()
		open(idle)
		return s.settled() - before
	})
}
