//go:build machines

package debian

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const success = "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n" +
	"nginx: configuration file /etc/nginx/nginx.conf test is successful\n"

// TestStockConfiguration checks what Debian installs as it is.
func TestStockConfiguration(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *host) {
		if said := h.run(0, "nginx", "-t"); said != success {
			t.Errorf("-t says\n%s", said)
		}
		if said := h.run(0, "nginx", "-t", "-q"); said != "" {
			t.Errorf("-t -q says\n%s", said)
		}
		// A pid file that -t made is empty, and means no server.
		h.run(1, "nginx", "-s", "reload")
		// The user of the workers is used, and has to exist.
		h.replace("/etc/nginx/nginx.conf", "user www-data;", "user nobody-at-all;")
		if said := h.run(1, "nginx", "-t"); !strings.Contains(said, `getpwnam("nobody-at-all") failed in /etc/nginx/nginx.conf:1`) {
			t.Errorf("-t says\n%s", said)
		}
	})
}

// modules are those of Debian's nginx-extras, with the argument of nginx's configure script that stands for nginx's own.
var modules = map[string]string{
	"ndk_http_module":                     "",
	"ngx_http_auth_pam_module":            "",
	"ngx_http_cache_purge_module":         "",
	"ngx_http_dav_ext_module":             "",
	"ngx_http_echo_module":                "",
	"ngx_http_fancyindex_module":          "",
	"ngx_http_geoip_module":               "--with-http_geoip_module",
	"ngx_http_geoip2_module":              "",
	"ngx_http_headers_more_filter_module": "",
	"ngx_http_image_filter_module":        "--with-http_image_filter_module",
	"ngx_http_lua_module":                 "",
	"ngx_http_perl_module":                "--with-http_perl_module",
	"ngx_http_subs_filter_module":         "",
	"ngx_http_uploadprogress_module":      "",
	"ngx_http_upstream_fair_module":       "",
	"ngx_http_xslt_filter_module":         "--with-http_xslt_module",
	"ngx_mail_module":                     "--with-mail",
	"ngx_nchan_module":                    "",
	"ngx_stream_module":                   "--with-stream",
	"ngx_stream_geoip_module":             "--with-stream_geoip_module",
	"ngx_stream_geoip2_module":            "",
}

// TestModules loads the configuration of nginx-extras: modules-enabled of every module that is here is taken, others are
// refused by name, and without them the rest is accepted.
func TestModules(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.install(programs["sluice"])
	features := h.run(0, "nginx", "-V")
	for name, argument := range modules {
		conf := "/etc/nginx/modules-enabled/50-" + name + ".conf"
		h.write(conf, "load_module modules/"+name+".so;\n")
		h.shell("mkdir -p /usr/lib/nginx/modules && touch /usr/lib/nginx/modules/" + name + ".so")
		here := argument != "" && strings.Contains(features, " "+argument+" ")
		var want string
		switch {
		case here:
			h.run(0, "nginx", "-t")
			continue
		case argument != "":
			want = fmt.Sprintf("nginx: [emerg] %q is known to nginx but not supported here in %s:1\n", name, conf)
		default:
			want = fmt.Sprintf("nginx: [emerg] module \"/usr/share/nginx/modules/%s.so\" is not binary compatible: "+
				"modules are built in here, and this is none of them in %s:1\n", name, conf)
		}
		want += "nginx: configuration file /etc/nginx/nginx.conf test failed\n"
		if said := h.run(1, "nginx", "-t"); said != want {
			t.Errorf("-t says\n%swant\n%s", said, want)
		}
		if err := os.Remove(h.Path(conf)); err != nil {
			t.Fatal(err)
		}
	}
	if said := h.run(0, "nginx", "-t"); said != success {
		t.Errorf("-t says\n%s", said)
	}
}

// TestDump: -T prints the same bytes as nginx's, for all kinds of files that are included.
func TestDump(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.shell("cp -p /usr/sbin/nginx /opt/nginx")
	h.install(programs["sluice"])
	h.replace("/etc/nginx/nginx.conf", "events {", `include none/*.conf;
include parts/empty.conf;
include parts/unfinished.conf;
include parts/unfinished.conf;
include ./parts/unfinished.conf;
include /etc/nginx/parts/*.glob;
events {`)
	h.write("/etc/nginx/conf.d/more.conf", "geo $a { include parts/geo; }\nmap $a $b { include parts/map; }\n"+
		"server { listen 81; include snippets/*.none; types { include parts/types; } }\n")
	if err := os.Mkdir(h.Path("/etc/nginx/parts"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty.conf": "", "unfinished.conf": "# no line feed", "b.glob": "# b\n\n\n", "a.glob": "# \xff\x00 a\r\n",
		"geo": "127.0.0.1 1;\n", "map": "a b;\r\n", "types": "text/x x;",
	} {
		h.write("/etc/nginx/parts/"+name, text)
	}
	want := h.shell("/opt/nginx -Tq 2>/dev/null")
	if got := h.shell("nginx -Tq 2>/dev/null"); got != want {
		t.Errorf("-Tq prints\n%s\nnginx's\n%s", got, want)
	}
	if got := h.shell("nginx -T 2>/dev/null"); got != want {
		t.Errorf("-T prints\n%s\nnginx's\n%s", got, want)
	}
	if got := h.shell("nginx -T 2>&1 >/dev/null"); got != success {
		t.Errorf("-T says\n%s", got)
	}
}

// TestTemporaryFiles: bodies go to the layout's folders, which belong to the user of the workers.
func TestTemporaryFiles(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *host) {
		h.shell("rm -rf /var/lib/nginx/* " + sitePath)
		h.replace("/etc/nginx/nginx.conf", "error_log /var/log/nginx/error.log;", "error_log /var/log/nginx/error.log warn;")
		h.write(sitePath, `
server { listen 80; client_max_body_size 2m; location / { proxy_pass http://127.0.0.1:81; } }
server { listen 127.0.0.1:81; location / { return 200 taken; } }
`)
		h.run(0, "nginx")
		for _, dir := range []string{"body", "proxy"} {
			if info := h.run(0, "stat", "--format=%U %a", "/var/lib/nginx/"+dir); info != "www-data 700\n" {
				t.Errorf("%s belongs to %s", dir, info)
			}
		}
		answer := h.send("127.0.0.1:80", "POST / HTTP/1.0\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 1000000))
		if !strings.HasSuffix(answer, "\r\n\r\ntaken") {
			t.Errorf("the answer is %q", answer)
		}
		h.eventually("the warning about a temporary file", func() bool {
			return strings.Contains(h.read("/var/log/nginx/error.log"), "a client request body is buffered to a temporary file /var/lib/nginx/body/")
		})
	})
}
