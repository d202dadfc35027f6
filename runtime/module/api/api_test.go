package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/api"
	"github.com/sluiceproxy/sluice/runtime/module/keyval"
	"github.com/sluiceproxy/sluice/runtime/module/limitconn"
	"github.com/sluiceproxy/sluice/runtime/module/limitreq"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

func modules() []httpd.Module {
	return []httpd.Module{
		pass.Module(), api.Module(), proxy.Module(), rewrite.Module(), keyval.Module(), limitreq.Module(), limitconn.Module(),
	}
}

const config = `
	keyval_zone zone=one:64k timeout=1h; keyval_zone zone=two:64k; keyval $arg_k $v zone=one;
	limit_req_zone $arg_k zone=slow:1m rate=1r/m; limit_conn_zone $arg_k zone=few:1m;
	upstream u { zone uz 64k; server 127.0.0.1:1 weight=5; server 127.0.0.1:2 down; }
	upstream hashed { zone hz 64k; hash $uri; server 127.0.0.1:1; }
	upstream static { server 127.0.0.1:1; }
	proxy_cache_path cached keys_zone=stored:1m max_size=1m; proxy_cache_path more keys_zone=unbounded:1m;
	server {
		status_zone site;
		location /api/ { api write=on; client_body_buffer_size 1k; }
		location /ro { api; }
		location / { status_zone loc; return 200 "<$v>"; }
		location /off { status_zone loc; location /off/off { status_zone off; return 204; } }
		location /limited { limit_req zone=slow; limit_conn few 1; proxy_pass http://127.0.0.1:1; }
		location /redirected { error_page 403 /landed; return 403; }
		location /landed { status_zone loc; return 404; }
	}`

// request sends one and returns the status and the body.
func request(s *httptest.Server, method, target, body string, fields ...string) (int, string) {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n", method, target, len(body))
	for _, f := range fields {
		head += f + "\r\n"
	}
	r := s.Do(head + "\r\n" + body)
	return r.Status, r.Body
}

func TestRead(t *testing.T) {
	s := httptest.New(t, config, modules()...)
	for _, c := range []struct {
		target string
		status int
		want   string // the beginning of the body
	}{
		{"/api/", 200, `[9]`},
		{"/ro", 200, `[9]`},
		{"/api/9", 200, `["nginx","processes","connections","slabs","http","ssl","workers"]`},
		{"/api/9/", 200, `["nginx",`},
		{"/api/8/nginx", 404, `{"error":{"status":404,"text":"unknown version","code":"UnknownVersion"},"request_id":"`},
		{"/api/9/what", 404, `{"error":{"status":404,"text":"path not found","code":"PathNotFound"},`},
		{"/api/9/nginx/x", 404, `{"error":{"status":404,"text":"path not found",`},
		{"/api/9/nginx?fields=generation,version", 200, `{"version":"1.`},
		{"/api/9/nginx?fields=", 200, `{}`},
		{"/api/9/processes", 200, `{"respawned":0}`},
		{"/api/9/connections", 200, `{"accepted":`},
		{"/api/9/ssl", 200, `{"handshakes":0,"handshakes_failed":0,`},
		{"/api/9/workers", 200, `[{"id":0,"pid":`},
		{"/api/9/workers/0", 200, `{"id":0,"pid":`},
		{"/api/9/workers/1", 404, `{"error":{"status":404,"text":"worker not found","code":"WorkerNotFound"},`},
		{"/api/9/slabs/one", 200, `{"pages":{"used":0,"free":13},"slots":{}}`},
		{"/api/9/slabs?fields=", 200, `["slow","few","one","two"]`},
		{"/api/9/slabs/none", 404, `{"error":{"status":404,"text":"slab not found","code":"SlabNotFound"},`},
		{"/api/9/http", 200, `["requests",`},
		{"/api/9/http/requests", 200, `{"total":`},
		{"/api/9/http/server_zones?fields=", 200, `["site"]`},
		{"/api/9/http/server_zones/none", 404, `{"error":{"status":404,"text":"server zone not found","code":"ServerZoneNotFound"},`},
		{"/api/9/http/location_zones/", 200, `{"loc":{"requests":0,`},
		{"/api/9/http/location_zones/none", 404, `{"error":{"status":404,"text":"location zone not found",`},
		{"/api/9/http/caches?fields=", 200, `["stored","unbounded"]`},
		{"/api/9/http/caches/stored?fields=size,max_size,hit,miss", 200, `{"size":0,"max_size":1048576,"hit":{"responses":0,"bytes":0},` +
			`"miss":{"responses":0,"bytes":0,"responses_written":0,"bytes_written":0}}`},
		{"/api/9/http/caches/unbounded?fields=size,max_size", 200, `{"size":0}`},
		{"/api/9/http/caches/none", 404, `{"error":{"status":404,"text":"cache not found","code":"CacheNotFound"},`},
		{"/api/9/http/limit_reqs", 200, `{"slow":{"passed":0,"delayed":0,"rejected":0,"delayed_dry_run":0,"rejected_dry_run":0}}`},
		{"/api/9/http/limit_conns/few", 200, `{"passed":0,"rejected":0,"rejected_dry_run":0}`},
		{"/api/9/http/limit_conns/slow", 404, `{"error":{"status":404,"text":"limit_conn not found","code":"LimitConnNotFound"},`},
		{"/api/9/http/upstreams?fields=", 200, `["u","hashed"]`},
		{"/api/9/http/upstreams?fields=zone,keepalive", 200, `{"u":{"keepalive":0,"zone":"uz"},"hashed":{"keepalive":0,"zone":"hz"}}`},
		{"/api/9/http/upstreams/u", 200, `{"peers":[{"id":0,"server":"127.0.0.1:1","name":"127.0.0.1:1","backup":false,"weight":5,"state":"up",`},
		{"/api/9/http/upstreams/static", 400, `{"error":{"status":400,"text":"upstream is static","code":"UpstreamStatic"},`},
		{"/api/9/http/upstreams/none/", 404, `{"error":{"status":404,"text":"upstream not found","code":"UpstreamNotFound"},`},
		{"/api/9/http/upstreams/u/servers/1", 200, `{"id":1,"server":"127.0.0.1:2","weight":1,"max_conns":0,"max_fails":1,` +
			`"fail_timeout":"10s","slow_start":"0s","route":"","backup":false,"down":true}`},
		{"/api/9/http/upstreams/u/servers/7", 404, `{"error":{"status":404,"text":"server with ID \"7\" does not exist",`},
		{"/api/9/http/upstreams/u/servers/x", 400, `{"error":{"status":400,"text":"invalid server ID","code":"UpstreamBadServerId"},`},
		{"/api/9/http/upstreams/u/peers", 404, `{"error":{"status":404,"text":"path not found",`},
		{"/api/9/http/keyvals", 200, `{"one":{},"two":{}}`},
		{"/api/9/http/keyvals?fields=", 200, `["one","two"]`},
		{"/api/9/http/keyvals/none", 404, `{"error":{"status":404,"text":"keyval not found","code":"KeyvalNotFound"},`},
		{"/api/9/http/keyvals/one?key=a", 404, `{"error":{"status":404,"text":"keyval key not found","code":"KeyvalKeyNotFound"},`},
	} {
		status, body := request(s, "GET", c.target, "")
		if status != c.status || !strings.HasPrefix(body, c.want) || !json.Valid([]byte(body)) {
			t.Errorf("%s: %d %s, want %d %s", c.target, status, body, c.status, c.want)
		}
	}
}

// step is a request that changes something, and what it is answered with.
type step struct {
	method, target, body string
	status               int
	want                 string
}

func play(t *testing.T, s *httptest.Server, steps []step) {
	t.Helper()
	for i, c := range steps {
		status, body := request(s, c.method, c.target, c.body)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%d: %s %s %.80s: %d %s, want %d %s", i, c.method, c.target, c.body, status, body, c.status, c.want)
		}
	}
}

func TestKeyvals(t *testing.T) {
	const one, two = "/api/9/http/keyvals/one", "/api/9/http/keyvals/two"
	play(t, httptest.New(t, config, modules()...), []step{
		{"POST", one, `{"a":"1","b":"<2>"}`, 201, ""},
		{"GET", "/?k=b", "", 200, "<<2>>"},
		{"POST", one, `{"c":"1","d":"2"}`, 400, `"text":"only one key can be added","code":"KeyvalFormatError"`},
		{"POST", one, `{"a":"3"}`, 409, `"code":"KeyvalKeyExists"`},
		{"POST", one, `{"c":{"value":"3","expire":1}}`, 201, ""},
		{"POST", one, `{}`, 400, `"text":"key required"`},
		{"POST", one, `["a"]`, 400, `"code":"KeyvalFormatError"`},
		{"POST", one, `{"x":1}`, 400, `"text":"invalid key format"`},
		{"POST", one, `{"x":{"value":"1","what":1}}`, 400, `"code":"KeyvalFormatError"`},
		{"POST", one, `{"x":{"value":"1","expire":-1}}`, 400, `"code":"KeyvalFormatError"`},
		{"POST", one, `{"x":null}`, 400, `"code":"KeyvalFormatError"`},
		{"POST", one, `{"x":"1","x":"2"}`, 400, `"code":"KeyvalFormatError"`},
		{"POST", one, `{"x":`, 415, `"code":"JsonError"`},
		{"POST", one, ``, 415, `"code":"JsonError"`},
		{"POST", one, `{"x":"` + strings.Repeat("x", 1024) + `"}`, 413, `"status":413`},
		{"POST", two, `{"x":{"value":"1","expire":9}}`, 400, `"text":"keyval timeout is not enabled"`},
		{"PATCH", one, `{"a":"new"}`, 204, ""},
		{"GET", one + "?key=a", "", 200, `{"a":"new"}`},
		{"PATCH", one, `{"a":{"expire":60000}}`, 204, ""},
		{"PATCH", one, `{"a":{}}`, 400, `"code":"KeyvalFormatError"`},
		{"PATCH", one, `{"a":"1","b":"2"}`, 400, `"text":"only one key can be updated"`},
		{"PATCH", one, `{"none":"1"}`, 404, `"code":"KeyvalKeyNotFound"`},
		{"PATCH", one, `{"b":null}`, 204, ""},
		{"GET", one, "", 200, `{"a":"new"}`},
		{"PUT", one, `{}`, 405, `"code":"MethodDisabled"`},
		{"DELETE", one, "", 204, ""},
		{"GET", one, "", 200, `{}`},
		{"POST", "/api/9/http/keyvals/none", `{"a":"1"}`, 404, `"code":"KeyvalNotFound"`},
		{"POST", "/api/9/http/keyvals", `{"a":"1"}`, 405, `"code":"MethodDisabled"`},
		{"DELETE", "/ro/9/http/keyvals/one", "", 405, `"text":"method disabled","code":"MethodDisabled"`},
	})
}

// A zone takes no more pairs than it has room for.
func TestKeyvalsFull(t *testing.T) {
	s := httptest.New(t, config, modules()...)
	n := 0
	for ; n < 1000; n++ {
		status, body := request(s, "POST", "/api/9/http/keyvals/two", fmt.Sprintf(`{"%d":"%s"}`, n, strings.Repeat("x", 900)))
		if status != 201 {
			if !strings.Contains(body, `"code":"KeyvalOutOfMemory"`) {
				t.Error(status, body)
			}
			break
		}
	}
	if n < 20 || n > 64 {
		t.Errorf("%d pairs of 1 KB in a zone of 64 KB", n)
	}
}

func TestServers(t *testing.T) {
	const list = "/api/9/http/upstreams/u/servers"
	play(t, httptest.New(t, config, modules()...), []step{
		{
			"POST", list, `{"server":"127.0.0.1:3","weight":"7","max_conns":8,"max_fails":0,"fail_timeout":"1m","slow_start":"30s","route":"r","backup":true}`, 201,
			`{"id":2,"server":"127.0.0.1:3","weight":7,"max_conns":8,"max_fails":0,"fail_timeout":"60s","slow_start":"30s","route":"r","backup":true,"down":false}`,
		},
		{"POST", list, `{"server":"127.0.0.1"}`, 201, `"server":"127.0.0.1:80"`},
		{"GET", list, "", 200, `"id":3`},
		{"POST", list, `{"weight":1}`, 400, `"text":"missing \"server\" argument","code":"UpstreamConfFormatError"`},
		{"POST", list, `{"server":"127.0.0.1:x"}`, 400, `while parsing","code":"UpstreamBadAddress"`},
		{"POST", list, `{"server":"127.0.0.1:1; include /etc/passwd"}`, 400, `"code":"UpstreamBadAddress"`},
		{"POST", list, `{"server":"name.example"}`, 400, `"text":"no resolver defined to resolve","code":"UpstreamConfNoResolver"`},
		{"POST", list, `{"server":"127.0.0.1:4","weight":0}`, 400, `"text":"invalid \"weight\"","code":"UpstreamBadWeight"`},
		{"POST", list, `{"server":"127.0.0.1:4","weight":16777217}`, 400, `"code":"UpstreamBadWeight"`},
		{"POST", list, `{"server":"` + strings.Repeat("a", 300) + `"}`, 400, `"code":"UpstreamBadAddress"`},
		{"POST", list, `{"server":"a.b","service":"` + strings.Repeat("a", 300) + `"}`, 400, `"code":"UpstreamBadService"`},
		{"POST", list, `{"server":"127.0.0.1:4","max_conns":-1}`, 400, `"code":"UpstreamBadMaxConns"`},
		{"POST", list, `{"server":"127.0.0.1:4","max_fails":"x"}`, 400, `"code":"UpstreamBadMaxFails"`},
		{"POST", list, `{"server":"127.0.0.1:4","fail_timeout":"x"}`, 400, `"code":"UpstreamBadFailTimeout"`},
		{"POST", list, `{"server":"127.0.0.1:4","slow_start":true}`, 400, `"code":"UpstreamBadSlowStart"`},
		{"POST", list, `{"server":"127.0.0.1:4","route":"` + strings.Repeat("x", 33) + `"}`, 400, `"text":"route is too long","code":"UpstreamBadRoute"`},
		{"POST", list, `{"server":"127.0.0.1:4","service":""}`, 400, `"code":"UpstreamBadService"`},
		{"POST", list, `{"server":"127.0.0.1:4","service":"http"}`, 400, `requires domain name","code":"UpstreamBadAddress"`},
		{"POST", list, `{"server":"127.0.0.1:4","what":1}`, 400, `"text":"unknown parameter \"what\""`},
		{"POST", list, `{"server":{}}`, 400, `"text":"nested object or list"`},
		{"POST", list, `[]`, 400, `"code":"UpstreamConfFormatError"`},
		{"POST", list, `{`, 415, `"code":"JsonError"`},
		{"POST", "/api/9/http/upstreams/hashed/servers", `{"server":"127.0.0.1:4","backup":true}`, 400, `"text":"upstream \"hashed\" has no backup"`},
		{"POST", "/api/9/http/upstreams/static/servers", `{"server":"127.0.0.1:4"}`, 400, `"code":"UpstreamStatic"`},
		{"POST", list + "/2", `{}`, 409, `"code":"EntryExists"`},
		{"PATCH", list + "/2", `{"down":true,"weight":9}`, 200, `"weight":9,"max_conns":8,`},
		{"PATCH", list + "/2", `{"drain":true,"down":false}`, 200, `"down":false,"drain":true}`},
		{"PATCH", list + "/2", `{"server":"127.0.0.1:3"}`, 200, `"id":2`},
		{"PATCH", list + "/2", `{"server":"127.0.0.1:9"}`, 400, `"code":"UpstreamServerImmutable"`},
		{"PATCH", list + "/2", `{"backup":false}`, 400, `"text":"invalid \"backup\" value"`},
		{"PATCH", list + "/2", `{"down":1}`, 400, `"text":"invalid \"down\""`},
		{"PATCH", list + "/99", `{"down":true}`, 404, `"code":"UpstreamServerNotFound"`},
		{"DELETE", list + "/2", "", 200, `[{"id":0,`},
		{"DELETE", list + "/2", "", 404, `"code":"UpstreamServerNotFound"`},
		{"GET", list + "/2", "", 404, `"code":"UpstreamServerNotFound"`},
		{"DELETE", "/api/9/http/upstreams/u", "", 204, ""},
		{"POST", "/ro/9/http/upstreams/u/servers", `{"server":"127.0.0.1:4"}`, 405, `"code":"MethodDisabled"`},
	})
}

// TestSlowPatch: a client that takes its time to send a change does not hold up others.
func TestSlowPatch(t *testing.T) {
	const list = "/api/9/http/upstreams/u/servers"
	s := httptest.New(t, config, modules()...)
	c := s.Dial()
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(c, "PATCH "+list+"/0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n")
	goesOn := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(c, goesOn); err != nil { // it reads the body now
		t.Fatal(err)
	}
	play(t, s, []step{
		{"GET", list + "/0", "", 200, `"weight":5`},
		{"PATCH", list + "/1", `{"weight":3}`, 200, `"weight":3`},
	})
	_, _ = io.WriteString(c, `{"weight":4}`)
	if answer, err := io.ReadAll(c); err != nil || !strings.Contains(string(answer), `"weight":4`) {
		t.Errorf("%s %v", answer, err)
	}
}

// What changes is written to the state file, which another configuration reads.
func TestState(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	file := filepath.Join(t.TempDir(), "u.state")
	conf := `upstream u { zone z 64k; state ` + file + `; } server { location /api/ { api write=on; } }`
	const list = "/api/9/http/upstreams/u/servers"
	play(t, httptest.New(t, conf, modules()...), []step{
		{"POST", list, `{"server":"127.0.0.1:3","weight":7,"slow_start":"1500ms","route":"r"}`, 201, ""},
		{"POST", list, `{"server":"[::1]:4","backup":true,"down":true,"max_fails":3,"fail_timeout":"5s","max_conns":2}`, 201, ""},
	})
	text, err := os.ReadFile(file)
	want := "server 127.0.0.1:3 weight=7 slow_start=1500ms route=r;\nserver [::1]:4 max_conns=2 max_fails=3 fail_timeout=5s backup down;\n"
	if err != nil || string(text) != want {
		t.Errorf("%s %v", text, err)
	}
	play(t, httptest.New(t, conf, modules()...), []step{
		{"GET", list, "", 200, `"server":"[::1]:4","weight":1,"max_conns":2,"max_fails":3,"fail_timeout":"5s"`},
	})
}

// A browser sends no write on behalf of another site.
func TestCrossSite(t *testing.T) {
	s := httptest.New(t, config, modules()...)
	for _, c := range []struct {
		fields []string
		status int
	}{
		{nil, 204},
		{[]string{"Sec-Fetch-Site: same-origin", "Origin: http://localhost"}, 204},
		{[]string{"Sec-Fetch-Site: none"}, 204},
		{[]string{"Origin: http://LOCALHOST"}, 204},
		{[]string{"Sec-Fetch-Site: cross-site"}, 403},
		{[]string{"Sec-Fetch-Site: same-site"}, 403},
		{[]string{"Origin: http://evil.example"}, 403},
		{[]string{"Origin: http://localhost:8080"}, 403},
		{[]string{"Origin: null"}, 403},
		{[]string{"origin:"}, 403},
	} {
		status, body := request(s, "DELETE", "/api/9/http/keyvals/one", "", c.fields...)
		if status != c.status || status == 403 && !strings.Contains(body, `"code":"CrossSiteRequest"`) {
			t.Errorf("%q: %d %s, want %d", c.fields, status, body, c.status)
		}
		if got, _ := request(s, "GET", "/api/9/http/keyvals/one", "", c.fields...); got != 200 {
			t.Errorf("%q: GET %d", c.fields, got)
		}
	}
}

func TestZones(t *testing.T) {
	s := httptest.New(t, config, modules()...)
	for _, target := range []string{"/", "/", "/off/off/", "/redirected", "/limited?k=1", "/limited?k=1"} {
		s.Get(target)
	}
	s.Do("nonsense\r\n\r\n")
	play(t, s, []step{
		{
			"GET", "/api/9/http/server_zones/site?fields=processing,requests,responses,discarded", "", 200,
			`{"processing":1,"requests":8,"responses":{"1xx":0,"2xx":3,"3xx":0,"4xx":2,"5xx":2,` +
				`"codes":{"200":2,"204":1,"400":1,"404":1,"502":1,"503":1},"total":7},"discarded":0}`,
		},
		{
			"GET", "/api/9/http/location_zones/loc?fields=requests,responses", "", 200,
			`{"requests":3,"responses":{"1xx":0,"2xx":2,"3xx":0,"4xx":1,"5xx":0,"codes":{"200":2,"404":1},"total":3}}`,
		},
		{"GET", "/api/9/http/limit_reqs/slow", "", 200, `{"passed":1,"delayed":0,"rejected":1,`},
		{"GET", "/api/9/http/limit_conns/few", "", 200, `{"passed":1,"rejected":0,`},
		{"DELETE", "/api/9/http/limit_reqs/slow", "", 204, ``},
		{"GET", "/api/9/http/limit_reqs/slow", "", 200, `{"passed":0,"delayed":0,"rejected":0,`},
		{"DELETE", "/api/9/http/location_zones/loc", "", 204, ``},
		{"GET", "/api/9/http/location_zones/loc?fields=requests", "", 200, `{"requests":0}`},
	})
}

func TestLoad(t *testing.T) {
	for text, want := range map[string]string{
		"server { location / { api; status_zone off; if ($uri) { status_zone a; } } }": "",
		"server { status_zone a; location / { api write=off; status_zone a; } }":       "",
		"server { location / { api write; } }":                                         `invalid parameter "write"`,
		"server { location / { api write=yes; } }":                                     `invalid parameter "write=yes"`,
		"server { status_zone ''; }":                                                   `invalid zone name ""`,
	} {
		_, err := httptest.Load(t, text, modules()...)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
