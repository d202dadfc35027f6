// Profile makes cmd/sluice/default.pgo, the profile by which the compiler knows what is hot (go build -pgo=auto).
//
//	go run -trimpath ./integration/profile [-o FILE] [-seconds N]
//
// It runs the server in this process, on one processor, under a mixture of loads from wrk: small files, logged files,
// return, redirects, expressions, the proxy with kept and with new connections, POST, the cache, short connections, TLS. nginx
// is the application behind the proxy. Run it when the request path has changed a lot, and compare with integration/bench.
// Needs wrk and nginx; takes about 80 seconds.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime"
)

func main() {
	out := flag.String("o", "cmd/sluice/default.pgo", "`file` to write")
	seconds := flag.Int("seconds", 5, "length of each load")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := run(ctx, *out, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		cancel()
		os.Exit(1)
	}
}

const conf = `
worker_processes 1; error_log logs/error.log;
events { worker_connections 4096; }
http {
    types { text/html html; } sendfile on; access_log off; keepalive_requests 100000000;
    log_format full '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
                    '"$http_user_agent" $request_time $upstream_response_time $upstream_addr';
    proxy_cache_path cache keys_zone=one:1m;
    upstream app { server %[3]s; keepalive 128; keepalive_requests 100000000; }
    ssl_certificate cert.pem; ssl_certificate_key key.pem;
    server {
        listen %[1]s; listen %[2]s ssl;
        root html;
        location /log/ { alias html/; access_log logs/access.log combined; }
        location = /return { return 200 "ok"; }
        location /redirect { return 301 https://$host$request_uri; }
        location ~ ^/app/(?<kind>[a-z]+)/(?<id>[0-9]+)/(.+)\.(png|jpg)$ { return 200 "$kind $id $3"; }
        location = /proxy { proxy_set_header Connection ""; proxy_pass http://app; }
        location = /10k { proxy_set_header Connection ""; proxy_pass http://app; }
        location = /new { proxy_http_version 1.0; proxy_pass http://%[3]s; }
        location = /cached { proxy_cache one; proxy_cache_valid 10m; proxy_set_header Connection ""; proxy_pass http://app; }
        location = /headers {
            access_log logs/proxy.log full;
            proxy_set_header Connection ""; proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; add_header X-Frame-Options SAMEORIGIN;
            proxy_pass http://app;
        }
    }
}
`

const backend = `
worker_processes 1; daemon off; pid logs/nginx.pid; error_log stderr;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; server { listen %s; location / { return 200 "hello from the application\n"; }
    location = /10k { root html; } } }
`

// loads are paths, with "tls", "close" and "post" before them where that is wanted.
var loads = []string{
	"/1k.html", "/log/1k.html", "/return", "/redirect?a=b", "/app/user/42/photo.png", "/proxy", "/proxy", "/headers", "/10k", "/new",
	"/cached", "post /proxy",
	"close /1k.html", "tls /1k.html", "tls close /1k.html",
}

func run(ctx context.Context, out string, seconds int) error {
	dir, err := os.MkdirTemp("", "profile-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	plain, tls, app := freeAddr(), freeAddr(), freeAddr()
	if err := prepare(dir, plain, tls, app); err != nil {
		return err
	}
	nginx := exec.CommandContext(ctx, "nginx", "-p", dir, "-c", "backend.conf")
	nginx.Stderr = os.Stderr
	if err := nginx.Start(); err != nil {
		return err
	}
	defer func() {
		_ = nginx.Process.Signal(os.Interrupt)
		_ = nginx.Wait()
	}()
	s, err := runtime.NewServer(runtime.Options{ConfPath: filepath.Join(dir, "nginx.conf"), Prefix: dir + "/"})
	if err != nil {
		return err
	}
	goruntime.GOMAXPROCS(1)
	if err := s.Start(); err != nil {
		return err
	}
	defer s.Quit()
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		return err
	}
	for _, l := range loads {
		if err := load(ctx, dir, l, plain, tls, seconds); err != nil {
			pprof.StopCPUProfile()
			return err
		}
	}
	pprof.StopCPUProfile()
	clean, err := nameless(profile.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile(out, clean, 0o644)
}

// load runs wrk for one entry of loads.
func load(ctx context.Context, dir, entry, plain, tls string, seconds int) error {
	words := strings.Fields(entry)
	url := "http://" + plain + words[len(words)-1]
	args := []string{"-t1", "-c64", fmt.Sprintf("-d%ds", seconds)}
	for _, w := range words[:len(words)-1] {
		switch w {
		case "tls":
			url = "https://" + tls + words[len(words)-1]
		case "post":
			args = append(args, "-s", filepath.Join(dir, "post.lua"))
		case "close":
			args = append(args, "-H", "Connection: close")
		}
	}
	text, err := exec.CommandContext(ctx, "wrk", append(args, url)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("wrk %s: %w: %s", url, err, text)
	}
	if bytes.Contains(text, []byte("Non-2xx")) && !strings.HasPrefix(entry, "/redirect") {
		return fmt.Errorf("wrk %s: %s", url, text)
	}
	fmt.Printf("%-24s %s\n", entry, requests(string(text)))
	return nil
}

func requests(text string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "Requests/sec:") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// freeAddr returns an address that nobody listens on right now.
func freeAddr() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// prepare fills the folder that both servers run in.
func prepare(dir, plain, tls, app string) error {
	if err := os.Chmod(dir, 0o755); err != nil { // the workers of nginx run as another user
		return err
	}
	for _, d := range []string{"logs", "html"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	cert, key, err := pair()
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"nginx.conf":   fmt.Appendf(nil, conf, plain, tls, app),
		"backend.conf": fmt.Appendf(nil, backend, app),
		"html/10k":     bytes.Repeat([]byte("text "), 2<<10),
		"post.lua":     []byte("wrk.method = 'POST'\nwrk.body = string.rep('x', 1024)\n"),
		"html/1k.html": bytes.Repeat([]byte("text "), 205),
		"cert.pem":     cert,
		"key.pem":      key,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pair makes a self-signed certificate and its key, as PEM.
func pair() (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), nil
}

// nameless takes the path of this program out of the profile, which is the only thing in it that tells of the machine: it
// becomes a name of the same length.
func nameless(profile []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(profile))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	raw = bytes.ReplaceAll(raw, []byte(self), bytes.Repeat([]byte("-"), len(self)))
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
