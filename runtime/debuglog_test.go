package runtime_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testport"
	"github.com/sluiceproxy/sluice/runtime"
)

// debugServer runs a configuration whose error_log prints nothing but what
// debug_connection brings. %[1]s is its unix socket, %[2]d a port.
func debugServer(t *testing.T, conf string) (dir string, port int) {
	t.Helper()
	dir, err := os.MkdirTemp("", "dl") //nolint:usetesting // unix sockets want short paths
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, d := range []string{"logs", "html"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "html", "a.txt"), []byte("hi\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	port = testport.Free(t)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, fmt.Appendf(nil, conf, filepath.Join(dir, "s"), port), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewServer(runtime.Options{ConfPath: path, Prefix: dir + "/"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Quit)
	return dir, port
}

func ask(t *testing.T, network, addr, request string) {
	t.Helper()
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || len(answer) == 0 {
		t.Fatalf("%q, %v", answer, err)
	}
}

// awaitLog reads a log until it has text.
func awaitLog(t *testing.T, path, text string) string {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var b []byte
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-tick.C {
		if b, _ = os.ReadFile(path); strings.Contains(string(b), text) {
			return string(b)
		}
	}
	t.Fatalf("no %q in %s:\n%s", text, path, b)
	return ""
}

const debugConf = `
error_log logs/main.log alert;
events { debug_connection unix:; }
http {
    access_log off;
    error_log logs/one.log alert;
    error_log logs/two.log emerg;
    error_log logs/three.log crit json;
    upstream app { server 127.0.0.1:%[2]d; keepalive 2; }
    map $arg_m $mapped { default no; x yes; }
    server {
        listen unix:%[1]s;
        root html;
        location / { add_header X-M $mapped; }
        location = /exact { rewrite ^/exact$ /a.txt last; }
        location /script { set $v 1; if ($arg_q = "x$v") { return 204; } rewrite ^/script/(.*)$ /none/$1 break; }
        location /app { proxy_pass http://app; }
        location /try { try_files $uri /a.txt; }
        location /named { error_page 403 @named; return 403; }
        location @named { return 418; }
        location ~* \.(php|py)$ { deny all; return 200 ""; }
        location /keep { return 200 ""; }
    }
    server { listen 127.0.0.1:%[2]d; location / { return 200 "up"; } }
}
`

func TestDebugConnectionLogsRequests(t *testing.T) {
	dir, port := debugServer(t, debugConf)
	log := func(name string) string { return filepath.Join(dir, "logs", name) }
	seen := 0
	for _, c := range []struct {
		name, request string
		want          []string // in this order
	}{
		{"file", "GET /a.txt?m=x HTTP/1.1\r\nHost: h\r\nX-Y: z\r\nConnection: close\r\n\r\n", []string{
			"accept: unix: fd:", "http wait request handler", "recv: fd:", "http process request line",
			`http request line: "GET /a.txt?m=x HTTP/1.1"`, `http uri: "/a.txt"`, `http args: "m=x"`, `http exten: "txt"`,
			"http process request header line", `http header: "Host: h"`, `http header: "X-Y: z"`, "http header done",
			`test location: "/"`, `test location: ~ "\.(php|py)$"`, `using configuration "/"`, "http cl:-1 max:1048576",
			`http filename: "` + dir + `/html/a.txt"`, "http set discard body", "http static fd: ", "http map started",
			`http map: "x" "yes"`, "HTTP/1.1 200 OK\r\n", "http write filter: l:0 f:0 s:", "writev: ",
			`http finalize request: 0, "/a.txt?m=x" a:1, c:1`, "http log handler", "http close request", "close http connection: ",
		}},
		{"rewrite", "GET /exact HTTP/1.0\r\n\r\n", []string{
			`test location: "/exact"`, `using configuration "=/exact"`, `http script regex: "^/exact$"`,
			`[notice] `, `"^/exact$" matches "/exact", client: unix:, server: `, "http script regex end",
			`rewritten data: "/a.txt", args: ""`, "uri changes: 11", `using configuration "/"`, "close http connection",
		}},
		{"conditions", "GET /script/a?q=y HTTP/1.0\r\n\r\n", []string{
			`http script value: "1"`, "http script set $v", `http script var: "y"`, "http script equal", "http script equal: no",
			"http script if", "http script if: false", `http script regex: "^/script/(.*)$"`, "http script regex end",
			"http finalize request: 404", "http special response: 404", "close http connection",
		}},
		{"application", "GET /app/x HTTP/1.0\r\n\r\n", []string{
			"http init upstream", "http proxy header:\n\"GET /app/x HTTP/1.1\r\n", "get rr peer, try: 1", "stream socket ",
			fmt.Sprintf("connect to 127.0.0.1:%d, fd:", port), "http upstream connect: 0", "http upstream send request",
			"http upstream process header", "recv: fd:", `http proxy status 200 "200 OK"`, `http proxy header: "Content-Length: 2"`,
			"http proxy header done", "http proxy filter init s:200 l:2", "finalize http upstream request: 200",
			"free keepalive peer: saving connection", "close http connection",
		}},
		{"application again", "GET /app/y HTTP/1.0\r\n\r\n", []string{
			"get keepalive peer: using connection", "http upstream connect: -4", "close http connection",
		}},
		{"try_files", "GET /try/x HTTP/1.0\r\n\r\n", []string{
			`trying to use file: "/try/x" "` + dir + `/html/try/x"`, `internal redirect: "/a.txt?"`, "close http connection",
		}},
		{"named location", "GET /named HTTP/1.0\r\n\r\n", []string{
			"http finalize request: 403", `http special response: 403, "/named?"`, `test location: "@named"`,
			`using location: @named "/named?"`, "http finalize request: 418", "close http connection",
		}},
		{"expression", "GET /x.PHP HTTP/1.0\r\n\r\n", []string{
			`test location: ~ "\.(php|py)$"`, `using configuration "\.(php|py)$"`, "close http connection",
		}},
		{"keep-alive", "GET /keep HTTP/1.1\r\nHost: h\r\n\r\nGET /keep?2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", []string{
			"set http keepalive handler", `http args: "2"`, "close http connection",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask(t, "unix", filepath.Join(dir, "s"), c.request)
			all := awaitLog(t, log("one.log"), "")
			for end := time.Now().Add(time.Minute); !strings.Contains(all[seen:], "close http connection: ") && time.Now().Before(end); {
				b, _ := os.ReadFile(log("one.log"))
				all = string(b)
			}
			rest := all[seen:]
			seen = len(all)
			for _, want := range c.want {
				i := strings.Index(rest, want)
				if i < 0 {
					t.Fatalf("no %q, in its place, in\n%s", want, all)
				}
				rest = rest[i+len(want):]
			}
		})
	}
	one, two := awaitLog(t, log("one.log"), ""), awaitLog(t, log("two.log"), "")
	if one != two {
		t.Error("the two logs differ")
	}
	if b, err := os.ReadFile(log("main.log")); err != nil || len(b) != 0 {
		t.Errorf("the main log: %q, %v", b, err)
	}
	for line := range strings.Lines(awaitLog(t, log("three.log"), "http header done")) {
		var event struct{ Level, Message string }
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Message == "" || event.Level == "" {
			t.Errorf("%v in %q", err, line)
		}
	}
}

func TestDebugConnectionLeavesOthersAlone(t *testing.T) {
	dir, port := debugServer(t, debugConf)
	for range 2 {
		ask(t, "tcp", fmt.Sprintf("127.0.0.1:%d", port), "GET /none HTTP/1.0\r\n\r\n")
	}
	for _, name := range []string{"main.log", "one.log", "two.log", "three.log"} {
		if b, err := os.ReadFile(filepath.Join(dir, "logs", name)); err != nil || len(b) != 0 {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// TestLogOfConnectionFollowsRequest checks where records go that belong to no
// location of their own.
func TestLogOfConnectionFollowsRequest(t *testing.T) {
	dir, _ := debugServer(t, `
error_log logs/main.log info;
events { }
http {
    access_log off;
    server {
        listen unix:%[1]s;
        listen 127.0.0.1:%[2]d;
        error_log logs/server.log info;
        location /own { error_log logs/own.log info; return 200 ""; }
    }
}`)
	c, err := net.Dial("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, "GET /own HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1000)); n == 0 || err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	got := awaitLog(t, filepath.Join(dir, "logs", "own.log"), "closed")
	if !regexp.MustCompile(`^\S+ \S+ \[info\] \d+#\d+: \*1 client unix: closed keepalive connection\n$`).MatchString(got) {
		t.Errorf("got %q", got)
	}
	if c, err = net.Dial("unix", filepath.Join(dir, "s")); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	awaitLog(t, filepath.Join(dir, "logs", "server.log"), "*2 client closed connection while waiting for request, client: unix:, server: unix:"+dir+"/s\n")
}
