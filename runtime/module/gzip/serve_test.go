package gzip_test

import (
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	sut "github.com/sluiceproxy/sluice/runtime/module/gzip"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

func TestResponses(t *testing.T) {
	text := strings.Repeat("text ", 100)
	s := httptest.New(t, strings.ReplaceAll(`gzip on; gzip_types text/css; gzip_vary on; server {
		location /html { default_type text/html; return 200 "TEXT"; }
		location /css { default_type text/CSS; return 200 "TEXT"; }
		location /js { default_type text/javascript; return 200 "TEXT"; }
		location /short { default_type text/html; gzip_min_length 1000; return 200 "TEXT"; }
		location /500 { default_type text/html; return 500 "TEXT"; }
		location /all { gzip_types *; default_type x/y; return 200 "TEXT"; }
		location /old { default_type text/html; gzip_disable "Old/[0-3]"; return 200 "TEXT"; }
		location /msie { default_type text/html; gzip_disable msie6; return 200 "TEXT"; }
		location /proxied { default_type text/html; gzip_proxied auth; return 200 "TEXT"; }
		location /off { gzip off; default_type text/html; return 200 "TEXT"; }
	}`, "TEXT", text), sut.Module(), rewrite.Module())
	const accept = "Accept-Encoding: gzip"
	for _, c := range []struct {
		target string
		fields []string
		gzip   bool
		vary   bool
	}{
		{"/html", []string{accept}, true, true},
		{"/html", nil, false, true},
		{"/css", []string{accept}, true, true},
		{"/js", []string{accept}, false, false},
		{"/short", []string{accept}, false, false},
		{"/500", []string{accept}, false, false},
		{"/all", []string{accept}, true, true},
		{"/old", []string{accept, "User-Agent: old/2"}, false, true},
		{"/old", []string{accept, "User-Agent: old/4"}, true, true},
		{"/msie", []string{accept, "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows)"}, false, true},
		{"/msie", []string{accept, "User-Agent: Mozilla/4.0 (compatible; MSIE 7.0; Windows)"}, true, true},
		{"/html", []string{accept, "Via: x"}, false, true},
		{"/proxied", []string{accept, "Via: x"}, true, true}, // nothing speaks against it
		{"/proxied", []string{accept, "Via: x", "Authorization: y"}, true, true},
		{"/off", []string{accept}, false, false},
	} {
		t.Run(c.target+" "+strings.Join(c.fields, " "), func(t *testing.T) {
			r := s.Get(c.target, c.fields...)
			packed := r.Header.Get("Content-Encoding") == "gzip"
			if packed != c.gzip || (r.Header.Get("Vary") == "Accept-Encoding") != c.vary {
				t.Fatalf("%+v", r.Header)
			}
			if !packed {
				if r.Body != text {
					t.Errorf("%q", r.Body)
				}
				return
			}
			if r.Header.Get("Content-Length") != "" || r.Header.Get("Transfer-Encoding") != "chunked" {
				t.Errorf("%+v", r.Header)
			}
			_, chunk, _ := strings.Cut(r.Body, "\r\n")
			z, err := gzip.NewReader(strings.NewReader(chunk))
			if err != nil {
				t.Fatal(err)
			}
			z.Multistream(false)
			if got, err := io.ReadAll(z); err != nil || string(got) != text {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	for conf, want := range map[string]string{
		"gzip_window 32k; gzip_hash 128k; gzip_buffers 4 8k; gzip_no_buffer on; postpone_gzipping 1k;": "",
		"gzip_window 3k;":                "\"gzip_window\" directive must be 512, 1k, 2k, 4k, 8k, 16k, or 32k",
		"gzip_hash 256k;":                "\"gzip_hash\" directive must be 512, 1k, 2k, 4k, 8k, 16k, 32k, 64k, or 128k",
		"gzip_comp_level 10;":            "value must be between 1 and 9",
		"gzip_http_version 2;":           `invalid value "2"`,
		"gzip_proxied never;":            `invalid value "never"`,
		"gzip_disable \"(\";":            `pcre2_compile() failed: missing closing parenthesis in "("`,
		"gzip_types text/css text/html;": "",
	} {
		_, err := httptest.Load(t, "server { "+conf+" }", sut.Module())
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", conf, err, want)
		}
	}
}
