//go:build machines

package debian

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// watched is a site that is scanned and attacked. Clients say in X-Client who they are.
const watched = `limit_req_zone $binary_remote_addr zone=slow:1m rate=1r/m;
set_real_ip_from 127.0.0.0/8;
real_ip_header X-Client;
server {
	listen 80 default_server;
	server_name shop.example;
	large_client_header_buffers 4 1k;
	root /var/www/html;
	location /files/ { alias /var/www/html/; }
	location /admin/ { auth_basic "Staff only"; auth_basic_user_file /etc/nginx/htpasswd; }
	location /moved/ { return 301 /; }
	location /post { client_max_body_size 10; return 204; }
	location /limited { limit_req zone=slow; try_files /index.nginx-debian.html =404; }
}
server {
	listen 443 ssl;
	ssl_certificate /etc/nginx/site.crt;
	ssl_certificate_key /etc/nginx/site.key;
	return 200 secret;
}
`

// traffic is what clients send, each on a connection of its own; CLIENT becomes the header that says who it is.
var traffic = []string{
	// Passwords: none, unknown users, wrong ones (for staff:right), and the right one.
	"GET /admin/ HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.1.0.1\r\n",
	"GET /admin/ HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.1.0.2\r\nAuthorization: Basic bm9ib2R5Ong=\r\n",
	"GET /admin/ HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.1.0.3\r\nAuthorization: Basic c3RhZmY6d3Jvbmc=\r\n",
	"POST /admin/x HTTP/1.1\r\nHost: shop.example\r\nCLIENT2001:db8::1\r\nAuthorization: Basic c3RhZmY6d3Jvbmc=\r\nContent-Length: 0\r\n",
	"GET /admin/ HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.1.0.4\r\nReferer: http://shop.example/\r\nAuthorization: Basic c3RhZmY6d3Jvbmc=\r\n",
	"GET /admin/ HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.1.0.5\r\nAuthorization: Basic Og==\r\n",
	"GET /admin/ HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.1.0.6\r\nAuthorization: Basic YSJiOng=\r\n",
	"GET /admin/none HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.1.0.7\r\nAuthorization: Basic c3RhZmY6cmlnaHQ=\r\n",
	// Searches for what is often left open.
	"GET /phpmyadmin/index.php HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.2.0.1\r\n",
	"GET /wp-login.php HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.2.0.2\r\nUser-Agent: Mozilla/5.0 (X11) \"quoted\"\r\n",
	"HEAD /roundcube/ HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.2.0.3\r\n",
	"GET /wp-admin.php HTTP/1.0\r\nHost: shop.example\r\nCLIENT10.2.0.4\r\n",
	"GET /cgi-bin/test?x=1 HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.2.0.5\r\n",
	"GET /files/none HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.2.0.6\r\nReferer: http://evil.example/?\"><script>\r\n",
	// What is no request.
	"GET / HTTP/1.1\r\n",
	"GET / HTTP/9.1\r\nHost: a\r\n",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
	"SSH-2.0-OpenSSH_9.2\r\n",
	"get / http/1.1\r\nHost: a\r\n",
	"GET /\x01 HTTP/1.1\r\nHost: shop.example\r\n",
	"GET /../../etc/passwd HTTP/1.1\r\nHost: shop.example\r\n",
	"GET / HTTP/1.1\r\nHost: a b\r\n",
	"GET /" + strings.Repeat("x", 2000) + " HTTP/1.1\r\nHost: shop.example\r\n",
	// And ordinary visitors.
	"GET / HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.3.0.1\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0\r\n",
	"GET /index.nginx-debian.html?a=%20b HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.3.0.2\r\nReferer: https://search.example/?q=\xc3\xa9\r\n",
	"GET /moved/x HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.3.0.3\r\n",
	// The body ends with what is appended to everything.
	"POST /post HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.3.0.4\r\nContent-Length: 100\r\nConnection: close\r\n\r\n" + strings.Repeat("x", 79),
	"OPTIONS * HTTP/1.1\r\nHost: shop.example\r\n",
	"GET http://shop.example/%e2%82%ac HTTP/1.1\r\nHost: shop.example\r\nCLIENT10.3.0.5\r\n",
}

// filters are fail2ban's for nginx, with the logs that they can read.
var filters = []struct{ name, log string }{
	{"nginx-http-auth", "/var/log/nginx/error.log"},
	{"nginx-botsearch", "/var/log/nginx/error.log"},
	{"nginx-botsearch", "/var/log/nginx/access.log"},
	{"nginx-bad-request", "/var/log/nginx/access.log"},
	{"nginx-limit-req", "/var/log/nginx/error.log"},
}

// findings is what the tools found in the logs of one server.
type findings struct {
	banned []string       // by filter: one line per failure
	report map[string]any // goaccess's summary
}

// TestLogs: fail2ban and goaccess find in our logs what they find in nginx's after the same traffic.
func TestLogs(t *testing.T) {
	t.Parallel()
	var lock sync.Mutex
	found := map[string]findings{}
	t.Run("traffic", func(t *testing.T) {
		each(t, func(t *testing.T, h *host) {
			h.attack()
			f := findings{report: h.goaccess()}
			for _, filter := range filters {
				f.banned = append(f.banned, h.run(0, "fail2ban-regex", "--usedns=no", "-o", "fid", filter.log, filter.name))
			}
			lock.Lock()
			defer lock.Unlock()
			found[t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]] = f
		})
	})
	if t.Failed() {
		return
	}
	nginx, sluice := found["nginx"], found["sluice"]
	for i, filter := range filters {
		if got, want := sluice.banned[i], nginx.banned[i]; got != want || want == "" {
			t.Errorf("in %s, %s finds\n%s\nin nginx's log\n%s", filter.log, filter.name, got, want)
		}
	}
	if !reflect.DeepEqual(nginx.report, sluice.report) || sluice.report["failed_requests"] != 0.0 {
		t.Errorf("goaccess reports %v\nof nginx %v", sluice.report, nginx.report)
	}
}

// attack starts a server and sends it the traffic.
func (h *host) attack() {
	h.t.Helper()
	crt, key := pair(h.t)
	h.write("/etc/nginx/site.crt", crt)
	h.write("/etc/nginx/site.key", key)
	h.write("/etc/nginx/htpasswd", "staff:{PLAIN}right\n")
	h.shell("rm " + sitePath)
	h.write(sitePath, watched)
	h.run(0, "nginx")
	for _, request := range traffic {
		h.send("127.0.0.1:80", strings.Replace(request, "CLIENT", "X-Client: ", 1)+"Connection: close\r\n\r\n")
	}
	for range 3 {
		h.send("127.0.0.1:80", "GET /limited HTTP/1.1\r\nHost: shop.example\r\nX-Client: 10.4.0.1\r\nConnection: close\r\n\r\n")
	}
	h.send("127.0.0.1:443", "GET / HTTP/1.0\r\n\r\n")
	h.run(0, "nginx", "-s", "quit") // the logs are complete
	h.eventually("the end", func() bool { return h.pid() == 0 })
}

// send sends bytes on a connection of its own and returns what comes back until its end.
func (h *host) send(addr, bytes string) string {
	h.t.Helper()
	c, err := h.Dial(addr)
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, bytes) // a server may have had enough before the end
	answer, _ := io.ReadAll(c)
	return string(answer)
}

// goaccess has the access log read and returns the counts of the report.
func (h *host) goaccess() map[string]any {
	h.t.Helper()
	h.run(0, "goaccess", "/var/log/nginx/access.log", "--no-global-config", "--log-format=COMBINED", "--no-progress", "-o", "/opt/report.json")
	var report struct {
		General map[string]any `json:"general"`
	}
	if err := json.Unmarshal([]byte(h.read("/opt/report.json")), &report); err != nil {
		h.t.Fatal(err)
	}
	lines := float64(strings.Count(h.read("/var/log/nginx/access.log"), "\n"))
	if total := report.General["total_requests"]; total != lines {
		h.t.Errorf("goaccess counts %v requests in %v lines", total, lines)
	}
	maps.DeleteFunc(report.General, func(name string, value any) bool {
		_, isNumber := value.(float64)
		// Pages of the server's own have its name in them.
		return !isNumber || name == "bandwidth" || name == "log_size" || name == "generation_time"
	})
	if len(report.General) == 0 {
		h.t.Error(fmt.Sprint("an empty report: ", report))
	}
	return report.General
}
