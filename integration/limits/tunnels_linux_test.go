package limits

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// tunnelsConf passes upgraded connections and CONNECT on, and gives up where nothing comes.
const tunnelsConf = `-- nginx.conf --
worker_processes 1;
pid logs/nginx.pid;
error_log logs/error.log info;
events { worker_connections 2000; }
http {
    include temp-paths.conf;
    proxy_read_timeout 1h;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection upgrade;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    server {
        listen %%ADDR%%;
        listen %%ADDR_2%% ssl;
        location / { proxy_pass http://%%UPSTREAM%%; }
        location /ping { return 200 here; }
    }
}
`

// TestTunnels: upgraded connections hold a goroutine each while nothing comes, and two descriptors, and both are given back
// whichever side ends first; one over TLS has a second goroutine.
func TestTunnels(t *testing.T) {
	t.Parallel()
	const tunnels = 200
	app := script(func(a *appConn) {
		a.head()
		a.say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello")
		b := make([]byte, 64)
		for {
			n, err := a.in.Read(b)
			if err != nil || string(b[:n]) == "bye" {
				return // which closes
			}
			a.say("%s", b[:n])
		}
	})
	for each, dial := range map[int]func(*site) *client{
		1: (*site).dial,
		2: func(s *site) *client { return s.dialTLS(2, nil) },
	} {
		t.Run(fmt.Sprintf("%d goroutines", each), func(t *testing.T) {
			s := start(t, tested(), setup{text: tunnelsConf, apps: apps(app)})
			s.ping("/ping")()
			goroutines := func() int { return s.goroutines() + s.serving() }
			before, descriptors := goroutines(), s.descriptors()
			var all []*client
			for range tunnels {
				c := dial(s)
				c.send("GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				if got := c.receiveUntil("hello", patience); !strings.HasSuffix(got.text(), "hello") {
					t.Fatalf("%q", got.text())
				}
				for _, text := range []string{"one", "two"} {
					c.send(text)
					if got := c.receiveUntil(text, patience); got.text() != text {
						t.Fatalf("%q, want %q", got.text(), text)
					}
				}
				all = append(all, c)
			}
			s.eventually("the goroutines that wait", func() bool { return goroutines() <= before+tunnels*each+keptGoroutines })
			if n := s.descriptors(); n > descriptors+2*tunnels+3 {
				t.Errorf("%d descriptors for %d tunnels, %d without", n, tunnels, descriptors)
			}
			for i, c := range all {
				if i%2 == 0 {
					_ = c.conn.Close() // it has served
					continue
				}
				c.send("bye")
				if rest, err := io.ReadAll(c.conn); err != nil || len(rest) > 0 {
					t.Errorf("after the application's end: %q, %v", rest, err)
				}
			}
			s.eventually("the end of their goroutines", func() bool { return goroutines() <= before+keptGoroutines })
			s.eventually("the end of their descriptors", func() bool { return s.descriptors() <= descriptors+3 })
		})
	}
}
