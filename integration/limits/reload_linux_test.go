package limits

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/goroutines"
	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// reload has the server take another configuration, and waits until a new connection to %%ADDR%% is answered with text.
func (s *site) reload(conf, text string) {
	s.t.Helper()
	s.write("nginx.conf", conf)
	s.signal(syscall.SIGHUP)
	s.wantAnswer(text)
}

// ask sends a request for / on a connection that may be kept, and returns the answer, empty where the server has closed.
func (c *client) ask(host string) string {
	c.t.Helper()
	c.send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
	got := c.receiveUntil(">", patience)
	if !got.closed && !strings.Contains(got.text(), ">") {
		c.t.Fatalf("neither answered nor closed: %q", got.text())
	}
	return got.text()
}

// TestReloadForgetsOpenFiles: what open_file_cache has open is closed with the configuration, also while connections that
// were served under it, and requests, are still there.
func TestReloadForgetsOpenFiles(t *testing.T) {
	t.Parallel()
	const files, reloads = 50, 5
	var text strings.Builder
	text.WriteString(`
-- nginx.conf --
pid logs/nginx.pid;
events { worker_connections 256; }
http { include temp-paths.conf; open_file_cache max=1000 inactive=1h; open_file_cache_valid 1h;
server { listen %%ADDR%%; root html; location = / { return 200 "<0>"; } location /app { proxy_pass http://%%UPSTREAM%%; } } }
`)
	conf := text.String()[len("\n-- nginx.conf --\n"):]
	for i := range files {
		fmt.Fprintf(&text, "-- html/%d --\n%s\n", i, strings.Repeat("x", 100_000))
	}
	release := make(chan bool)
	s := start(t, tested(), setup{text: text.String(), apps: apps(script(func(a *appConn) {
		a.head()
		<-release
	}))})
	defer close(release)
	for i := range reloads {
		c := s.dial() // which is idle, and stays
		for n := range files {
			c.send(fmt.Sprintf("HEAD /%d HTTP/1.1\r\nHost: a\r\n\r\n", n))
			if got := c.receiveUntil("\r\n\r\n", patience); got.status() != 200 {
				t.Fatalf("%q", got.text())
			}
		}
		if n := s.descriptorsOf("/html/"); n != files {
			t.Fatalf("%d files are open, the case shows nothing", n)
		}
		s.dial().send("GET /app HTTP/1.1\r\nHost: a\r\n\r\n") // which goes on under its configuration
		said := fmt.Sprintf("<%d>", i+1)
		s.reload(strings.Replace(conf, "<0>", said, 1), said)
		s.eventually("the end of the open files", func() bool { return s.descriptorsOf("/html/") == 0 })
	}
}

// reloadConf is a configuration with its generation in the answers, and what comes and goes.
func reloadConf(generation int) string {
	verify, third := "off", ""
	if generation%2 == 1 {
		verify = "on"
	}
	switch generation % 3 {
	case 1:
		third = "server { listen %%ADDR_3%%; return 200 <GEN>; }"
	case 2:
		third = "server { listen %%ADDR_3%% ssl; ssl_verify_client " + verify + "; ssl_client_certificate certs/localhost.pem; return 200 <GEN>; }"
	}
	return strings.NewReplacer("GEN", fmt.Sprint(generation), "VERIFY", verify, "LOG", fmt.Sprint(generation%3)).Replace(`
user nobody nogroup;
pid logs/nginx.pid;
error_log logs/error.log;
events { worker_connections 512; }
http {
    include temp-paths.conf;
    client_header_timeout 1h;
    keepalive_requests 100000;
    keepalive_timeout 1h;
    open_file_cache max=100 inactive=1h;
    open_file_cache_valid 1h;
    limit_req_zone $binary_remote_addr zone=all:1m rate=10000r/s;
    limit_req_zone $binary_remote_addr zone=zLOG:1m rate=10000r/s;
    limit_conn_zone $server_name zone=conn:1m;
    limit_req zone=zLOG burst=1000 nodelay;
    limit_conn conn 1000;
    access_log logs/accessLOG.log;
    access_log logs/$server_port.log;
    open_log_file_cache max=10 inactive=1h;
    upstream app { zone app 64k; server %%UPSTREAM%%; keepalive 4; }
    map $uri $mapped { ~^/(?<rest>.*)$ $rest; default 0; }
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    ssl_session_cache shared:tls:1m;
    server {
        listen %%ADDR%%;
        error_log logs/serverLOG.log;
        return 200 <GEN>;
    }
    server {
        listen %%ADDR_2%% ssl;
        ssl_client_certificate certs/localhost.pem;
        server_name first.test;
        return 200 <GEN>;
    }
    server {
        listen %%ADDR_2%% ssl;
        server_name localhost;
        ssl_client_certificate certs/localhost.pem;
        ssl_verify_client VERIFY;
        location / { return 200 <GEN>; }
    }
    server {
        listen %%ADDR_4%%;
        location / { root html; }
        location /app { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://app; }
    }
    ` + third + `
}
`)
}

// reloads is how often TestManyReloads reads the configuration again: a multiple of six, after which it is the same. make
// soak takes the larger number.
func reloads() int {
	if os.Getenv("SLUICE_SOAK") == "full" {
		return 504
	}
	return 60
}

// holdings are what a server holds.
type holdings struct {
	descriptors, goroutines int
	serving                 int // goroutines that serve connections, or wait for others
	memory                  size
}

// holds waits until the memory changes no more.
func (s *site) holds() holdings {
	memory := s.settled()
	return holdings{s.descriptors(), s.goroutines(), s.serving(), memory}
}

// TestManyReloads: with all kinds of resources in use, descriptors, goroutines and memory are after many reloads what they
// were after the first ones, and no request is answered under a configuration that forbids it.
func TestManyReloads(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, own bool) {
		s := start(t, tested(), setup{own: own, text: "-- nginx.conf --" + reloadConf(0) + "-- html/f --\nfile\n", apps: apps(answers("app"))})
		asleep := s.dial() // all the time, without a word
		used := s.dialTo(4)
		const first = 12
		var before, after holdings
		for i := 1; i <= reloads(); i++ {
			s.generation(i, used)
			if i == first {
				used.ask2(t, "/f", "file")
				before = s.holds()
			}
		}
		used.ask2(t, "/f", "file")
		// What is given back may be so a little later; what has leaked never is.
		ok := harness.Eventually(patience, func() bool {
			after = s.holds()
			return after.descriptors <= before.descriptors && after.goroutines <= before.goroutines+2 &&
				after.serving <= before.serving+servedAtOnce && after.memory <= before.memory+8*mb*harness.Generosity
		})
		t.Logf("after %d reloads %+v, after %d %+v", first, before, reloads(), after)
		if !ok {
			t.Errorf("something is kept; the goroutines began with %v", goroutines.ByFunction(t, s.binary, s.processes()...))
		}
		if got := asleep.ask("a"); !strings.HasSuffix(got, fmt.Sprintf("<%d>", reloads())) {
			t.Errorf("a connection that slept: %q", got)
		}
	})
}

// ask2 sends a request for uri on a kept connection and wants a body.
func (c *client) ask2(t *testing.T, uri, body string) {
	t.Helper()
	c.send("GET " + uri + " HTTP/1.1\r\nHost: a\r\n\r\n")
	if got := c.receiveUntil("\r\n\r\n"+body, patience); got.status() != 200 || got.closed {
		t.Fatalf("%s: %q", uri, got.text())
	}
}

// generation brings connections that were served under one configuration into the next.
func (s *site) generation(i int, used *client) {
	s.t.Helper()
	old, now := fmt.Sprintf("<%d>", i-1), fmt.Sprintf("<%d>", i)
	plain, secure, third := s.dial(), (*client)(nil), (*client)(nil)
	if (i-1)%2 == 0 {
		secure = s.dialTLS(2, nil)
	}
	switch (i - 1) % 3 {
	case 1:
		third = s.dialTo(3)
	case 2:
		third = s.dialTLS(3, nil)
	}
	if got := plain.ask("a"); !strings.HasSuffix(got, old) {
		s.t.Fatalf("%d: %q", i, got)
	}
	for _, c := range []*client{secure, third} {
		if c != nil {
			c.ask("localhost")
		}
	}
	used.ask2(s.t, "/f", "file")
	used.ask2(s.t, "/app", "app")

	s.reload(reloadConf(i), now)

	if got := plain.ask("a"); !strings.HasSuffix(got, now) {
		s.t.Errorf("%d: a plain connection that was kept: %q", i, got)
	}
	if secure != nil { // its client has no certificate, which is asked for now
		if got := secure.ask("localhost"); got != "" {
			s.t.Errorf("%d: a secure connection without a certificate: %q", i, got)
		}
	}
	if third != nil { // its address has gone, or is another kind of server's
		if got := third.ask("localhost"); got != "" && !(i%3 == 0 && strings.Contains(got, "Connection: close\r\n")) &&
			!strings.HasPrefix(got, "HTTP/1.1 400 ") {
			s.t.Errorf("%d: a connection to what has become something else: %q", i, got)
		}
	}
	for _, c := range []*client{plain, secure, third} {
		if c != nil {
			_ = c.conn.Close() // it has served
		}
	}
}

// Servers of keptOverReload; keptLax is another one at the same address.
const (
	keptSecure  = "listen %%ADDR_2%% ssl; server_name localhost; ssl_certificate certs/localhost.pem; ssl_certificate_key certs/localhost.key; "
	keptChecked = keptSecure + "ssl_verify_client on; ssl_client_certificate certs/ca.pem; "
	keptLax     = "server { listen %%ADDR_2%% ssl; server_name other; ssl_certificate certs/localhost.pem; ssl_certificate_key certs/localhost.key; } "
)

// keptConf is a configuration with a server, and text in its answers.
func keptConf(server, text string) string {
	more := keptLax
	if !strings.Contains(server, " ssl;") {
		more = ""
	}
	return "pid logs/nginx.pid;\nevents { worker_connections 64; }\nhttp { include temp-paths.conf; keepalive_timeout 1h;\n" +
		"server { listen %%ADDR%%; return 200 <" + text + ">; }\n" + more +
		"server { " + server + "location / { return 200 <${ssl_client_verify}" + text + ">; } }\n}\n"
}

// keptOverReload are servers before and after a reload.
var keptOverReload = []struct {
	name, before, after string
	want                string // the end of the answer; "" where the connection is closed
}{
	{"nothing changes", keptSecure, keptSecure, "<NONE2>"},
	{"certificates are asked for as before", keptChecked, keptChecked, "<SUCCESS2>"},
	{"another certificate is shown", keptChecked, strings.ReplaceAll(keptChecked, "/localhost.", "/one.example."), "<SUCCESS2>"},
	{"certificates are asked for", keptSecure, keptChecked, ""},
	{"certificates are asked for no more", keptChecked, keptSecure, ""},
	{"they are another authority's", keptChecked, strings.Replace(keptChecked, "/ca.", "/stranger.", 1), ""},
	{"fewer may be between", keptChecked, keptChecked + "ssl_verify_depth 0; ", ""},
	{"another protocol", keptSecure, keptSecure + "ssl_protocols TLSv1.2; ", ""},
	{"the name is another server's", keptChecked, strings.Replace(keptChecked, "localhost;", "elsewhere;", 1), ""},
	{"handshakes are refused", keptSecure, keptSecure + "ssl_reject_handshake on; ", ""},
	{"no TLS any more", keptSecure, "listen %%ADDR_2%%; ", ""},
	{"TLS from now on", "listen %%ADDR_2%%; ", keptSecure, ""},
	{"a PROXY header from now on", "listen %%ADDR_2%%; ", "listen %%ADDR_2%% proxy_protocol; ", ""},
	{"another address", "listen %%ADDR_2%%; ", "listen %%ADDR_3%%; ", ""},
	{"less time", "listen %%ADDR_2%%; ", "listen %%ADDR_2%%; keepalive_timeout 1s; ", ""},
	{"more time", "listen %%ADDR_2%%; keepalive_timeout 1h 7; ", "listen %%ADDR_2%%; keepalive_timeout 2h; ", "<2>"},
}

// TestReloadOfKeptConnections: what a connection has from its configuration holds while the next one says the same, else
// the client has to come anew.
func TestReloadOfKeptConnections(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, own bool) {
		s := start(t, tested(), setup{own: own, text: "-- nginx.conf --\nuser nobody nogroup;\n" + keptConf(keptSecure+"listen %%ADDR_3%%; ", "begin")})
		pair, err := tls.LoadX509KeyPair(s.Dir()+"/certs/client.pem", s.Dir()+"/certs/client.key")
		must(t, err)
		for i, tc := range keptOverReload {
			t.Run(tc.name, func(t *testing.T) {
				user := "user nobody nogroup;\n"
				s.reload(user+keptConf(tc.before, fmt.Sprintf("%d.1", i)), fmt.Sprintf("<%d.1>", i))
				var c *client
				if strings.Contains(tc.before, " ssl;") {
					c = s.dialTLS(2, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", Certificates: []tls.Certificate{pair}})
				} else {
					c = s.dialTo(2)
				}
				if got := c.ask("localhost"); !strings.HasPrefix(got, "HTTP/1.1 200 ") || strings.Contains(got, "Connection: close") {
					t.Fatalf("%q", got)
				}
				s.reload(user+keptConf(tc.after, fmt.Sprintf("%d.2", i)), fmt.Sprintf("<%d.2>", i))
				if tc.want == "" {
					if got := c.receive(patience); !got.closed || got.text() != "" {
						t.Errorf("a connection that waits: closed %v, %q", got.closed, got.text())
					}
					return
				}
				want := strings.Replace(tc.want, "2>", fmt.Sprint(i)+".2>", 1)
				if got := c.ask("localhost"); !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.HasSuffix(got, want) {
					t.Errorf("%q, want %s", got, want)
				}
			})
		}
	})
}
