package limits

import (
	"net"
	"strings"
	"testing"
	"time"
)

// TestReadAhead: an application is rid of a buffered response long before a client has it that takes its time, or is given
// its time by limit_rate.
func TestReadAhead(t *testing.T) {
	t.Parallel()
	const (
		whole = 6 * mb            // more than sockets hold
		most  = 20 * time.Second  // what the application may need
		slow  = 300 * time.Second // what the client would, about
	)
	conf := `
-- http.conf --
server {
    listen %%ADDR%%;
    listen %%ADDR_2%% ssl;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    proxy_http_version 1.1;
    location /plain/ { proxy_pass http://%%UPSTREAM%%; }
    location /rate/ { limit_rate 20k; proxy_pass http://%%UPSTREAM%%; }
    location /after/ { limit_rate 20k; limit_rate_after 100k; proxy_pass http://%%UPSTREAM%%; }
    location /sub/ { limit_rate 20k; sub_filter a bb; sub_filter_types *; proxy_pass http://%%UPSTREAM%%; }
    location /set/ { set $limit_rate 20k; proxy_pass http://%%UPSTREAM%%; }
}
`
	for _, path := range []string{"/plain/", "/rate/", "/after/", "/sub/", "/set/"} {
		for where, to := range map[string]func(s *site) *client{
			"plain": func(s *site) *client { return s.dial() },
			"TLS":   func(s *site) *client { return s.dialTLS(2, nil) },
		} {
			t.Run(path+where, func(t *testing.T) {
				t.Parallel()
				for _, binary := range []string{oracle(), tested()} {
					rid := make(chan time.Duration, 1)
					s := start(t, binary, setup{text: conf, apps: apps(script(func(a *appConn) {
						if a.head() == "" {
							return
						}
						begun := time.Now()
						a.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", whole)
						a.say("%s", strings.Repeat("x", int(whole)))
						a.idle()
						rid <- time.Since(begun)
					}))})
					c := to(s)
					c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
					c.receiveUntil("\r\n\r\n", patience)
					select {
					case took := <-rid:
						if took > most {
							t.Errorf("%s: the application was busy for %v", s, took)
						}
					case <-time.After(patience):
						t.Errorf("%s: the application is busy after %v of about %v", s, patience, slow)
					}
					must(t, c.conn.Close())
				}
			})
		}
	}
}

// idle waits until the server has taken everything that was said to it.
func (a *appConn) idle() {
	if c, ok := a.Conn.(*net.TCPConn); ok {
		_ = c.CloseWrite() // it is open
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, _ = a.in.ReadByte() // the end, when the server closes
	}
}
