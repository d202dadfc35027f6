package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/internal/testcert"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// reload has the server take another configuration, and waits until it has.
func (in *instance) reload(conf string) {
	in.t.Helper()
	in.configure(conf)
	if code, said := in.run("-s", "reload"); code != 0 || said != "" {
		in.t.Fatalf("exit code %d, said %q", code, said)
	}
}

// through runs the contents of an http block in both modes.
func through(t *testing.T, http string, test func(t *testing.T, in *instance, conf func(http string) string)) {
	inBothModes(t, func(t *testing.T, main string) {
		conf := func(http string) string {
			return main + "error_log logs/error.log notice;\nevents { }\nhttp { access_log off; " + http + " }\n"
		}
		in := newInstance(t, conf(http))
		in.startDaemon()
		test(t, in, conf)
		in.wantEnd(in.pid())
	})
}

func TestReloadAddsAndDropsSockets(t *testing.T) {
	other := testport.Free(t)
	answers := func(port int) string {
		in := &instance{t: t, port: port}
		return in.get()
	}
	one := `server { listen 127.0.0.1:PORT; location / { return 200 one; } }`
	two := fmt.Sprintf(`server { listen 127.0.0.1:%d; location / { return 200 two; } }`, other)
	through(t, one, func(t *testing.T, in *instance, conf func(string) string) {
		kept := in.dial()
		ask(t, kept)
		in.reload(conf(one + two))
		if a, b := answers(in.port), answers(other); a != "one" || b != "two" {
			t.Errorf("with both: %q, %q", a, b)
		}
		in.reload(conf(two))
		if a, b := answers(in.port), answers(other); a != "" || b != "two" {
			t.Errorf("with the second: %q, %q", a, b)
		}
		if _, err := kept.in.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("a connection to the address that was dropped: %v", err)
		}
		in.reload(conf(one))
		if a, b := answers(in.port), answers(other); a != "one" || b != "" {
			t.Errorf("with the first again: %q, %q", a, b)
		}
	})
}

func TestReloadReachesKeptConnections(t *testing.T) {
	answer := func(code int) string {
		return fmt.Sprintf(`server { listen 127.0.0.1:PORT; location / { return %d; } }`, code)
	}
	through(t, answer(200), func(t *testing.T, in *instance, conf func(string) string) {
		c := in.dial()
		for _, code := range []int{201, 404, 202} {
			ask(t, c)
			in.reload(conf(answer(code)))
			if resp := ask(t, c); resp.StatusCode != code || resp.Close {
				t.Errorf("status %d, want %d; close %v", resp.StatusCode, code, resp.Close)
			}
		}
	})
}

// certificate writes a new certificate for a name.
func (in *instance) certificate(name string) {
	in.t.Helper()
	cert, key := testcert.PEM(in.t, name)
	in.write("conf/cert", string(cert))
	in.write("conf/key", string(key))
}

func TestReloadReadsCertificates(t *testing.T) {
	inBothModes(t, func(t *testing.T, main string) {
		conf := main + "events { }\n" + `http { access_log off;
			server { listen 127.0.0.1:PORT ssl; ssl_certificate cert; ssl_certificate_key key; location / { return 200; } } }`
		in := newInstance(t, conf)
		in.certificate("one.example")
		in.startDaemon()
		handshake := func() *tls.Conn {
			c := tls.Client(in.dial(), &tls.Config{InsecureSkipVerify: true})
			if err := c.Handshake(); err != nil {
				t.Fatal(err)
			}
			return c
		}
		old := handshake()
		in.certificate("two.example")
		in.reload(conf)
		for name, c := range map[string]*tls.Conn{"one.example": old, "two.example": handshake()} {
			if got := c.ConnectionState().PeerCertificates[0].Subject.CommonName; got != name {
				t.Errorf("certificate of %s, want %s", got, name)
			}
			if resp := ask(t, &client{c, bufio.NewReader(c)}); resp.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", name, resp.StatusCode)
			}
		}
		// A key that does not fit: nothing changes.
		in.write("conf/key", "no key")
		if code, _ := in.run("-s", "reload"); code != 1 {
			t.Errorf("exit code %d", code)
		}
		if got := handshake().ConnectionState().PeerCertificates[0].Subject.CommonName; got != "two.example" {
			t.Errorf("certificate of %s", got)
		}
		in.wantEnd(in.pid())
	})
}

// TestReloadKeepsUpstreamConnections: they are found again by the name of their group.
func TestReloadKeepsUpstreamConnections(t *testing.T) {
	var connections atomic.Int64
	app, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "app") }),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				connections.Add(1)
			}
		},
	}
	go func() { _ = server.Serve(app) }()
	t.Cleanup(func() { _ = server.Close() })
	text := func(extra string) string {
		return fmt.Sprintf(`upstream app { zone app 64k; server %s; keepalive 4; }
			server { listen 127.0.0.1:PORT; %s location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
			app.Addr(), extra)
	}
	through(t, text(""), func(t *testing.T, in *instance, conf func(string) string) {
		connections.Store(0)
		for i := range 5 {
			if got := in.get(); got != "app" {
				t.Fatalf("answer %q", got)
			}
			in.reload(conf(text(fmt.Sprintf("add_header X-Generation %d;", i))))
		}
		if n := connections.Load(); n != 1 {
			t.Errorf("%d connections to the application", n)
		}
	})
}

// TestReloadKeepsFailures: an upstream server that has failed is not asked again because of a reload, and a reload that is
// refused forgets nothing.
func TestReloadKeepsFailures(t *testing.T) {
	app, dead := echoServer(t, "app"), testport.Free(t)
	text := func(extra string) string {
		return fmt.Sprintf(`upstream u { server 127.0.0.1:%d max_fails=1 fail_timeout=1h; server %s; }
			server { listen 127.0.0.1:PORT; %s location / { proxy_pass http://u; } }`, dead, app, extra)
	}
	through(t, text(""), func(t *testing.T, in *instance, conf func(string) string) {
		ask := func() {
			t.Helper()
			for range 4 {
				if got := in.get(); got != "app" {
					t.Fatalf("answer %q", got)
				}
			}
		}
		ask()
		in.reload(conf(text("add_header X-Generation 1;")))
		ask()
		in.configure(conf(text("foo on;")))
		if code, _ := in.run("-s", "reload"); code != 1 {
			t.Fatalf("exit code %d", code)
		}
		in.reload(conf(text("add_header X-Generation 2;")))
		ask()
		if n := strings.Count(in.read("logs/error.log"), "connect() failed"); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// echoServer answers every request with text, and returns its address.
func echoServer(t *testing.T, text string) net.Addr {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return ln.Addr()
}

// TestReloadLeavesWhatIsUnderWay: a WebSocket and a long download go on under the configuration they began with.
func TestReloadLeavesWhatIsUnderWay(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = echo.Close() })
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
				_, _ = io.Copy(c, in)
			}()
		}
	}()
	text := fmt.Sprintf(`server { listen 127.0.0.1:PORT; root html;
		location /echo { proxy_pass http://%s; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } }`,
		echo.Addr())
	through(t, text, func(t *testing.T, in *instance, conf func(string) string) {
		const size = 32 << 20
		download := in.slowClient(size)
		socket := in.dial()
		if _, err := io.WriteString(socket, "GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if resp, err := http.ReadResponse(socket.in, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%v, %v", resp, err)
		}
		for i := range 4 {
			if i == 3 { // even one that has nothing of it any more
				text = `server { listen 127.0.0.1:PORT; location / { return 404; } }`
			}
			in.reload(conf(text))
			line := strings.Repeat("x", 1000+i) + "\n"
			if _, err := io.WriteString(socket, line); err != nil {
				t.Fatal(err)
			}
			if got, err := socket.in.ReadString('\n'); got != line {
				t.Fatalf("after %d reloads: %q, %v", i+1, got, err)
			}
		}
		if n, err := io.Copy(io.Discard, io.LimitReader(download, size)); err != nil || n < size-1000 {
			t.Errorf("%d bytes of the download, %v", n, err)
		}
		_ = socket.Close()
		_ = download.Close()
	})
}
