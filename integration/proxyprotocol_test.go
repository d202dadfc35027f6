package integration

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// haproxyConf answers with the client that the PROXY protocol's header names, in plain text and over TLS.
const haproxyConf = `defaults
    mode http
    timeout client 10s
frontend plain
    bind PLAIN accept-proxy
    http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]"
frontend secure
    bind SECURE accept-proxy ssl crt DIR/both.pem
    http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]"
`

// acceptingConf is nginx as the peer.
const acceptingConf = `worker_processes 1;
events {}
pid logs/pid;
http {
    include temp-paths.conf;
    access_log off;
    server {
        listen ADDR proxy_protocol;
        return 200 "$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_addr:$proxy_protocol_server_port";
    }
}
`

// TestProxyProtocolToPeers: HAProxy and nginx understand the header that connections begin with, and take from it
// the client, whatever client comes on which connection.
func TestProxyProtocolToPeers(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Log("nginx has the directive in stream only")
		return
	}
	ports, err := lab.Ports.Take(4)
	if err != nil {
		t.Fatal(err)
	}
	plain, secure, peer, six := testport.Addr(ports[0]), testport.Addr(ports[1]), testport.Addr(ports[2]), fmt.Sprintf("[::1]:%d", ports[3])
	dir, err := os.MkdirTemp(lab.Dir, "proxied-")
	if err == nil {
		err = harness.GiveAway(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	startHAProxy(t, plain, secure)
	startAcceptingNginx(t, peer)
	c, err := harness.ParseCase("proxyprotocol", []byte(`-- http.conf --
upstream haproxy { server `+plain+`; keepalive 8; }
upstream secure { server `+secure+`; keepalive 8; }
upstream nginx { server `+peer+`; keepalive 8; }
proxy_protocol on;
server {
    listen %%ADDR%%;
    listen `+six+`;
    listen unix:`+socket+`;
    set_real_ip_from 127.0.0.1;
    location /haproxy { proxy_pass http://haproxy; }
    location /secure { proxy_pass https://secure; }
    location /nginx { proxy_pass http://nginx; }
    location /v2/haproxy { proxy_protocol v2; proxy_pass http://haproxy; }
    location /v2/secure { proxy_protocol v2; proxy_pass https://secure; }
    location /v2/nginx { proxy_protocol v2; proxy_pass http://nginx; }
}
-- requests --
GET /
`))
	if err != nil {
		t.Fatal(err)
	}
	srv, err := lab.Serve(t.Context(), c, lab.Tested)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, path := range []string{"/haproxy", "/secure", "/nginx", "/v2/haproxy", "/v2/secure", "/v2/nginx"} {
		for _, addr := range []string{srv.Addr(1), six} {
			clients := []*asker{newAsker(t, "tcp", addr), newAsker(t, "tcp", addr), newAsker(t, "tcp", addr)}
			for range 3 { // by turns: what a client finds in the pool was used by another one last
				for _, a := range clients {
					want := brackets(a.conn.LocalAddr()) + " " + brackets(a.conn.RemoteAddr())
					if got := a.ask(path); got != want {
						t.Errorf("%s by way of %s: %s, want %s", path, addr, got, want)
					}
				}
			}
		}
		four := newAsker(t, "tcp", srv.Addr(1))
		_, port, _ := strings.Cut(srv.Addr(1), ":")
		for want, field := range map[string]string{
			"192.0.2.1:5 127.0.0.1:" + port:          "192.0.2.1:5",
			"2001:db8::1:5 ::ffff:127.0.0.1:" + port: "[2001:db8::1]:5",
		} {
			if got := four.ask(path, "X-Real-IP: "+field); got != want {
				t.Errorf("%s for %s: %s, want %s", path, field, got, want)
			}
		}
		// A client at a unix socket has no address: HAProxy sees Sluice's own, nginx none.
		got := newAsker(t, "unix", socket).ask(path)
		if !strings.HasPrefix(got, "127.0.0.1:") && got != ": :" {
			t.Errorf("%s of a client at a unix socket: %s", path, got)
		}
	}
}

// brackets is an address without the brackets of IPv6.
func brackets(a net.Addr) string { return strings.NewReplacer("[", "", "]", "").Replace(a.String()) }

// asker requests pages on one connection.
type asker struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func newAsker(t *testing.T, network, addr string) *asker {
	t.Helper()
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &asker{t, c, bufio.NewReader(c)}
}

// ask returns the body of a page.
func (a *asker) ask(path string, fields ...string) string {
	a.t.Helper()
	if _, err := io.WriteString(a.conn, strings.Join(append([]string{"GET " + path + " HTTP/1.1", "Host: a"}, fields...), "\r\n")+"\r\n\r\n"); err != nil {
		a.t.Fatal(err)
	}
	resp, err := http.ReadResponse(a.in, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		a.t.Fatalf("%s: %d %v", path, resp.StatusCode, err)
	}
	return string(body)
}

func startHAProxy(t *testing.T, plain, secure string) {
	t.Helper()
	dir, err := os.MkdirTemp(lab.Dir, "haproxy-")
	if err != nil {
		t.Fatal(err)
	}
	var both []byte
	for _, name := range []string{"localhost.pem", "localhost.key"} {
		data, err := os.ReadFile(filepath.Join(lab.Certs, name))
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, data...)
	}
	write(t, filepath.Join(dir, "both.pem"), string(both))
	conf := filepath.Join(dir, "haproxy.cfg")
	write(t, conf, strings.NewReplacer("PLAIN", plain, "SECURE", secure, "DIR", dir).Replace(haproxyConf))
	if err := harness.GiveAway(dir); err != nil {
		t.Fatal(err)
	}
	startProgram(t, dir, "tcp", plain, "haproxy", "-db", "-f", conf)
}

func startAcceptingNginx(t *testing.T, addr string) {
	t.Helper()
	dir, err := os.MkdirTemp(lab.Dir, "accepting-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "nginx.conf"), strings.ReplaceAll(acceptingConf, "ADDR", addr))
	write(t, filepath.Join(dir, harness.TempPathsFile), lab.TempPaths[lab.Oracle])
	srv, err := harness.Start(t.Context(), lab.Oracle, dir, []string{addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Terminate() })
}
