package proxy_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestRequestHead: what is sent to the server, byte for byte.
func TestRequestHead(t *testing.T) {
	for _, c := range []struct {
		name, conf, target string
		fields             []string
		want               string
	}{
		{
			"defaults", `location / { proxy_pass http://BACKEND; }`, "/a%20b?c",
			[]string{"X-Own: 1", "Upgrade: h2c", "TE: trailers", "Keep-Alive: 5", "Expect:"},
			"GET /a%20b?c HTTP/1.1\r\nHost: BACKEND\r\nX-Own: 1\r\n\r\n",
		},
		{
			"HTTP/1.0", `location / { proxy_http_version 1.0; proxy_pass http://BACKEND; }`, "/", nil,
			"GET / HTTP/1.0\r\nHost: BACKEND\r\n\r\n",
		},
		{
			"URI part", `location /a/ { proxy_pass http://BACKEND/b/; }`, "/a/x%20y?z", nil,
			"GET /b/x%20y?z HTTP/1.1\r\nHost: BACKEND\r\n\r\n",
		},
		{
			"URI part of a request that was rewritten", `location /a/ { rewrite ^/a/(.*) /c/$1 break; proxy_pass http://BACKEND/b/; }`, "/a/x", nil,
			"GET /c/x HTTP/1.1\r\nHost: BACKEND\r\n\r\n",
		},
		{
			"variables", `location / { proxy_pass http://BACKEND/v$uri?q=$arg_q; }`, "/x?q=1", nil,
			"GET /v/x?q=1 HTTP/1.1\r\nHost: BACKEND\r\n\r\n",
		},
		{
			"set headers", `location / {
				proxy_set_header Host $host; proxy_set_header X-A a; proxy_set_header X-B ""; proxy_set_header X-C $arg_none;
				proxy_set_header X-D $arg_d; proxy_set_header Connection close; proxy_pass http://BACKEND;
			}`, "/?d=4",
			[]string{"Host: example.com:80", "X-B: client"},
			"GET /?d=4 HTTP/1.1\r\nHost: example.com\r\nX-A: a\r\nX-D: 4\r\nConnection: close\r\n\r\n",
		},
		{
			"forwarded", `location / { proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://BACKEND; }`, "/",
			[]string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"},
			"GET / HTTP/1.1\r\nHost: BACKEND\r\nX-Forwarded-For: 192.0.2.1, 192.0.2.2, unix:\r\n\r\n",
		},
		{
			"body of its own", `location / { proxy_method POST; proxy_set_body "<$uri>"; proxy_pass http://BACKEND; }`, "/b", nil,
			"POST /b HTTP/1.1\r\nHost: BACKEND\r\nContent-Length: 4\r\n\r\n</b>",
		},
		{
			"nothing of the client", `location / { proxy_pass_request_headers off; proxy_pass http://BACKEND; }`, "/",
			[]string{"X-Own: 1"},
			"GET / HTTP/1.1\r\nHost: BACKEND\r\n\r\n",
		},
		{
			"server block's headers", `proxy_set_header X-S s; location / { proxy_pass http://BACKEND; }`, "/", nil,
			"GET / HTTP/1.1\r\nHost: BACKEND\r\nX-S: s\r\n\r\n",
		},
		{
			"unix socket's name", `location / { proxy_set_header X-Host $proxy_host; proxy_pass http://app; }`, "/", nil,
			"GET / HTTP/1.1\r\nHost: app\r\nX-Host: app\r\n\r\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBackend(t, say(ok))
			s := serve(t, b, "upstream app { server BACKEND; } server { "+c.conf+" }")
			if r := s.Get(c.target, c.fields...); r.Status != 200 || r.Body != "ok" {
				t.Fatalf("%+v", r)
			}
			want := strings.ReplaceAll(c.want, "BACKEND", b.addr)
			if got := b.requests(); len(got) != 1 || got[0] != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// TestResponse: what becomes of the server's header.
func TestResponse(t *testing.T) {
	for _, c := range []struct {
		name, conf, answer string
		field, want        string
	}{
		{"hidden", "", "X-Pad: 1", "X-Pad", ""},
		{"passed", "proxy_pass_header X-Pad;", "X-Pad: 1", "X-Pad", "1"},
		{"hidden on demand", "proxy_hide_header X-Own;", "X-Own: 1", "X-Own", ""},
		{"own Server", "", "Server: other", "Server", "sluice"},
		{"their Server", "proxy_pass_header Server;", "Server: other", "Server", "other"},
		{"no Server at all", "proxy_pass_header Server;", "X: y", "Server", ""},
		{"redirect", "", "Location: http://BACKEND/x", "Location", "/x"},
		{"another's redirect", "", "Location: http://other/x", "Location", "http://other/x"},
		{"redirect off", "proxy_redirect off;", "Location: http://BACKEND/x", "Location", "http://BACKEND/x"},
		{"relative redirect", "", "Location: /x", "Location", "/x"},
		{"redirect by expression", `proxy_redirect ~^http://[^/]+/(.*)$ https://new/$1;`, "Location: http://any/x", "Location", "https://new/x"},
		{"refresh", `proxy_redirect http://a/ http://b/;`, "Refresh: 5; URL=http://a/x", "Refresh", "5; URL=http://b/x"},
		{"cookie path", `proxy_cookie_path /a/ /b/;`, "Set-Cookie: n=v; Path=/a/c; Secure", "Set-Cookie", "n=v; Path=/b/c; Secure"},
		{"cookie domain", `proxy_cookie_domain a.example b.example;`, "Set-Cookie: n=v; domain=.A.example", "Set-Cookie", "n=v; domain=.b.example"},
		{"cookie flags", `proxy_cookie_flags n secure samesite=strict nohttponly;`, "Set-Cookie: n=v; HttpOnly", "Set-Cookie", "n=v; Secure; SameSite=Strict"},
		{"another cookie's flags", `proxy_cookie_flags ~^m secure;`, "Set-Cookie: n=v", "Set-Cookie", "n=v"},
		{"ranges", "", "Accept-Ranges: bytes", "Accept-Ranges", "bytes"},
		{"connection", "", "Keep-Alive: timeout=5", "Keep-Alive", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBackend(t, func(_ string, conn net.Conn) bool {
				text := strings.ReplaceAll(c.answer, "BACKEND", conn.LocalAddr().String())
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"+text+"\r\n\r\n")
				return false
			})
			s := serve(t, b, "server { absolute_redirect off; location / { proxy_pass http://BACKEND; "+c.conf+" } }")
			want := strings.ReplaceAll(c.want, "BACKEND", b.addr)
			if got := s.Get("/").Header.Get(c.field); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// TestBody: framings of a response, and responses that are not what they say.
func TestBody(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
		body         string
		log          string
	}{
		{"length", ok, 200, "ok", ""},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nall of it", 200, "9\r\nall of it\r\n0\r\n\r\n", ""},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nold", 200, "3\r\nold\r\n0\r\n\r\n", ""},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, "3\r\nabc\r\n0\r\n\r\n", ""},
		{"no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", ""},
		{"too long", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay", 200, "ok", `upstream sent more data than specified in "Content-Length" header`},
		{"too short", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", 200, "ok", "upstream prematurely closed connection while reading upstream"},
		{"nothing of it", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 200, "", "upstream prematurely closed connection while reading upstream"},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 0, "", "upstream sent invalid chunked response"},
		{"data after the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore", 200, "0\r\n\r\n", "upstream sent data after final chunk"},
		{"nothing", "", 502, "failed", "upstream prematurely closed connection while reading response header from upstream"},
		{"invalid field", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", 502, "failed", `upstream sent invalid header: "\x3a..."`},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 502, "failed", `upstream sent duplicate header line: "Content-Length: 1", previous value: "Content-Length: 1"`},
		{"length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 502, "failed", `upstream sent "Content-Length" and "Transfer-Encoding" headers at the same time`},
		{"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 502, "failed", `upstream sent unknown "Transfer-Encoding": "gzip"`},
		{"too big", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n", 502, "failed", "upstream sent too big header"},
		{"early hints", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, 200, "ok", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBackend(t, say(c.answer))
			s := serve(t, b, "server { error_page 502 = /502; location / { proxy_pass http://BACKEND; } location /502 { return 502 failed; } }")
			r := s.Get("/")
			if r.Status != c.status || r.Body != c.body {
				t.Errorf("%d %q, want %d %q", r.Status, r.Body, c.status, c.body)
			}
			if log := s.Log(); c.log == "" && strings.Contains(log, "upstream") || !strings.Contains(log, c.log) {
				t.Errorf("log %q, want %q", log, c.log)
			}
		})
	}
}

// TestKeepalive: connections are used again when both sides let them.
func TestKeepalive(t *testing.T) {
	for _, c := range []struct {
		name, conf, answer string
		want               string // addresses differ: $upstream_addr does not tell, the count of accepts does
	}{
		{"kept", "keepalive 1;", ok, "1"},
		{"kept by default", "", ok, "1"},
		{"off", "keepalive 0;", ok, "2"},
		{"one request each", "keepalive_requests 1;", ok, "2"},
		{"closed", "", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "2"},
		{"HTTP/1.0", "", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "2"},
		{"chunks", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "1"},
		{"more than was said", "", ok + "!", "2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			used := map[string]bool{}
			b := newBackend(t, func(_ string, conn net.Conn) bool {
				used[conn.RemoteAddr().String()] = true // one at a time: the requests follow each other
				_, err := io.WriteString(conn, c.answer)
				return err == nil
			})
			s := serve(t, b, "upstream u { server BACKEND; "+c.conf+" } server { location / { proxy_pass http://u; } }")
			for range 2 {
				if r := s.Get("/"); r.Status != 200 {
					t.Fatalf("%+v", r)
				}
			}
			if got := string(rune('0' + len(used))); got != c.want {
				t.Errorf("%s connections, want %s", got, c.want)
			}
		})
	}
}

// TestRetry: when another attempt is made, and when not.
func TestRetry(t *testing.T) {
	dead := say("")
	for _, c := range []struct {
		name, conf, request string
		answers             []answer
		status              int
		attempts            int
	}{
		{"error", "", "GET", []answer{dead, say(ok)}, 200, 2},
		{"off", "proxy_next_upstream off;", "GET", []answer{dead, say(ok)}, 502, 1},
		{"one try", "proxy_next_upstream_tries 1;", "GET", []answer{dead, say(ok)}, 502, 1},
		{"not idempotent", "", "POST", []answer{dead, say(ok)}, 502, 1},
		{"not idempotent, but allowed", "proxy_next_upstream error non_idempotent;", "POST", []answer{dead, say(ok)}, 200, 2},
		{"code", "proxy_next_upstream http_503;", "GET", []answer{say("HTTP/1.1 503 x\r\n\r\n"), say(ok)}, 200, 2},
		{"code that is not listed", "", "GET", []answer{say("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"), say(ok)}, 503, 1},
		{"all of them", "", "GET", []answer{dead}, 502, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBackend(t, c.answers...)
			s := serve(t, b, "upstream u { server BACKEND; server BACKEND; } server { location / { proxy_pass http://u; "+c.conf+" } }")
			r := s.Do(c.request + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
			if r.Status != c.status {
				t.Errorf("%d, want %d", r.Status, c.status)
			}
			if got := len(b.requests()); got != c.attempts {
				t.Errorf("%d attempts, want %d", got, c.attempts)
			}
		})
	}
}

// TestStale: a kept connection that turns out dead costs no attempt.
func TestStale(t *testing.T) {
	b := newBackend(t, func(req string, c net.Conn) bool {
		if strings.Contains(req, "/last") {
			return false
		}
		return keep(ok)(req, c)
	}, keep(ok))
	s := serve(t, b, "upstream u { server BACKEND; } server { location / { proxy_pass http://u; } }")
	for _, target := range []string{"/first", "/last"} {
		if r := s.Get(target); r.Status != 200 {
			t.Errorf("%s: %d", target, r.Status)
		}
	}
	if got := len(b.requests()); got != 3 {
		t.Errorf("%d requests, want 3", got)
	}
}

// TestAccelRedirect: the server sends the request elsewhere in here.
func TestAccelRedirect(t *testing.T) {
	b := newBackend(t, say("HTTP/1.1 200 OK\r\nX-Accel-Redirect: /inside?a=1\r\nX-Other: 1\r\nSet-Cookie: n=v\r\n\r\nhidden"))
	s := serve(t, b, `server {
		location / { proxy_pass http://BACKEND; }
		location /ignored { proxy_ignore_headers X-Accel-Redirect; proxy_pass http://BACKEND; }
		location /inside { internal; return 200 "$uri $args $upstream_status"; }
	}`)
	r := s.Get("/")
	if r.Body != "/inside a=1 200" || r.Header.Get("Set-Cookie") != "n=v" || r.Header.Get("X-Other") != "" {
		t.Errorf("%+v", r)
	}
	if r := s.Get("/ignored"); !strings.Contains(r.Body, "hidden") {
		t.Errorf("%+v", r)
	}
}

// TestMessages: what is wrong with directives is said in nginx's words.
func TestMessages(t *testing.T) {
	for _, c := range []struct{ name, conf, want string }{
		{"prefix", `location / { proxy_pass ftp://a; }`, "invalid URL prefix"},
		{"port", `location / { proxy_pass http://127.0.0.1:0; }`, `invalid port in upstream "127.0.0.1:0"`},
		{"regex location", `location ~ x { proxy_pass http://127.0.0.1/x; }`, `"proxy_pass" cannot have URI part in location given by regular expression`},
		{"twice", `location / { proxy_pass http://127.0.0.1; proxy_pass http://127.0.0.1; }`, `"proxy_pass" directive is duplicate`},
		{"default before proxy_pass", `location / { proxy_redirect default; proxy_pass http://127.0.0.1; }`, `"proxy_redirect default" should be placed after the "proxy_pass" directive`},
		{"default with variables", `location / { proxy_pass http://$host; proxy_redirect default; }`, `"proxy_redirect default" cannot be used with "proxy_pass" directive with variables`},
		{"off twice", `proxy_redirect off; proxy_redirect off;`, `"proxy_redirect" directive is duplicate`},
		{"version", `proxy_http_version 3;`, `invalid value "3"`},
		{"bind", `proxy_bind x;`, `invalid address "x"`},
		{"next", `proxy_next_upstream never;`, `invalid value "never"`},
		{"buffers", `proxy_buffers 1 4k;`, `there must be at least 2 "proxy_buffers"`},
		{"cookie", `proxy_cookie_path on;`, `invalid parameter "on"`},
		{"store", `proxy_store "";`, "empty path"},
		{"cache without a path", `proxy_cache none;`, `"proxy_cache" zone "none" is unknown`},
		{"cache and store", `proxy_store on; proxy_cache none;`, `"proxy_cache" directive is incompatible with "proxy_store"`},
		{"store and cache", `proxy_cache none; proxy_store on;`, `"proxy_store" directive is incompatible with "proxy_cache"`},
		{"cache status", `proxy_cache_valid 99 1m;`, `invalid status "99"`},
		{"cache time", `proxy_cache_valid 200 x;`, `invalid time value "x"`},
		{"cache purge", `proxy_cache_purge PURGE from x;`, `invalid parameter "x"`},
		{"verify", `location / { proxy_pass https://127.0.0.1; proxy_ssl_verify on; }`, "no proxy_ssl_trusted_certificate for proxy_ssl_verify"},
		{"certificate", `location / { proxy_pass https://127.0.0.1; proxy_ssl_certificate a; }`, `no "proxy_ssl_certificate_key" is defined for certificate "a"`},
		{"command", `location / { proxy_pass https://127.0.0.1; proxy_ssl_conf_command VerifyMode x; }`, `SSL_CONF_cmd("VerifyMode", "x") failed (SSL: not supported here)`},
		{"command's value", `location / { proxy_pass https://127.0.0.1; proxy_ssl_conf_command MinProtocol x; }`, `SSL routines::bad value:cmd=MinProtocol, value=x`},
		{"ciphers", `location / { proxy_pass https://127.0.0.1; proxy_ssl_ciphers none; }`, `SSL_CTX_set_cipher_list("none") failed`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := httptest.Load(t, "server { "+c.conf+" }", modules()...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
