package main

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

func TestParseOptions(t *testing.T) {
	value := func(s string) option { return option{s, true} }
	for args, want := range map[string]options{
		"":                       {},
		"-":                      {},
		"-t":                     {test: true},
		"-T":                     {test: true, dump: true},
		"-tq":                    {test: true, quiet: true},
		"-vV":                    {version: true, configure: true},
		"-h -t":                  {version: true, help: true, test: true},
		"-c a":                   {conf: value("a")},
		"-ca":                    {conf: value("a")},
		"-tca -tcb":              {test: true, conf: value("b")},
		"-c -t":                  {conf: value("-t")},
		"-p/x -e y -g z -s quit": {prefix: value("/x"), errorLog: value("y"), param: value("z"), signal: value("quit")},
		"-sreload":               {signal: value("reload")},
	} {
		got, err := parseOptions(strings.Fields(args))
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%q: %+v, %v", args, got, err)
		}
	}
}

func TestRuntimeOptions(t *testing.T) {
	debian := runtime.Options{Prefix: "/usr/share/nginx/", ConfPath: "/etc/nginx/nginx.conf", Layout: conf.DebianLayout()}
	for args, want := range map[string]runtime.Options{
		"debian":            debian,
		"debian -p /srv":    {Prefix: "/srv/", ConfPath: "/etc/nginx/nginx.conf", Layout: debian.Layout},
		"debian -c x":       {Prefix: "/usr/share/nginx/", ConfPath: "/usr/share/nginx/x", Layout: debian.Layout},
		"":                  {Prefix: "/usr/local/nginx/", ConfPath: "/usr/local/nginx/conf/nginx.conf"},
		"-p /srv":           {Prefix: "/srv/", ConfPath: "/srv/conf/nginx.conf"},
		"-p rel/ -c x.conf": {Prefix: "rel/", ConfPath: "rel/x.conf"},
		"-c /etc/x.conf":    {Prefix: "/usr/local/nginx/", ConfPath: "/etc/x.conf"},
		"-e stderr -g a;":   {Prefix: "/usr/local/nginx/", ConfPath: "/usr/local/nginx/conf/nginx.conf", ErrorLog: "stderr", Param: "a;"},
	} {
		args, isDebian := strings.CutPrefix(args, "debian")
		if isDebian {
			t.Setenv(layoutEnv, "debian")
		} else {
			t.Setenv(layoutEnv, "")
			want.Layout = conf.NginxLayout()
		}
		o, err := readOptions(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		got := o.runtime()
		got.Console = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v", args, got)
		}
	}
	if o, err := readOptions([]string{"-e", ""}); err != nil || o.runtime().ErrorLog != "stderr" {
		t.Errorf("-e with an empty name: %+v, %v", o, err)
	}
}

// TestLayout: the environment goes before what was built in, and only names that exist are taken.
func TestLayout(t *testing.T) {
	for env, want := range map[string]string{"": "nginx", "nginx": "nginx", "debian": "debian", "Debian": "", "/usr": ""} {
		t.Setenv(layoutEnv, env)
		got, err := installedLayout()
		if got.Name != want || (err != nil) != (want == "") {
			t.Errorf("%s=%s: %q, %v", layoutEnv, env, got.Name, err)
		}
	}
}

// TestPathArguments reads -V's paths as certbot, acme.sh and ngxtop do.
func TestPathArguments(t *testing.T) {
	for layout, want := range map[string]map[string]string{
		"debian": {
			`--conf-path=(.*?) `: "/etc/nginx/nginx.conf", `--http-log-path=(\S*)`: "/var/log/nginx/access.log",
			`--pid-path=([^ ]*) `: "/run/nginx.pid", `--prefix=([^ ]*) `: "/usr/share/nginx",
		},
		"nginx": {
			`--conf-path=(.*?) `: "/usr/local/nginx/conf/nginx.conf", `--http-log-path=(\S*)`: "/usr/local/nginx/logs/access.log",
			`--error-log-path=(.*?) `: "/usr/local/nginx/logs/error.log", `--prefix=([^ ]*) `: "/usr/local/nginx",
		},
	} {
		t.Setenv(layoutEnv, layout)
		o, err := readOptions([]string{"-V"})
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		showVersion(&said, o)
		for pattern, path := range want {
			if m := regexp.MustCompile(pattern).FindStringSubmatch(said.String()); m == nil || m[1] != path {
				t.Errorf("%s: %s finds %q", layout, pattern, m)
			}
		}
	}
}

// TestFeatures: what -V announces follows from the tables, and every row of it asks for a directive that exists.
func TestFeatures(t *testing.T) {
	for _, f := range slices.Concat(optional, standard) {
		if conf.Find(f.directive, f.module) == nil {
			t.Errorf("%s asks for %s of %s", f.argument, f.directive, f.module)
		}
	}
	l := conf.NewLoader("nginx.conf", "")
	l.Module("ngx_http_ssl_module").Directive("ssl_certificate", func(*conf.Cmd) error { return nil })
	l.Module("ngx_http_gzip_module").Directive("gzip", func(*conf.Cmd) error { return nil })
	l.Complete()
	got := configureArguments(l)
	for argument, want := range map[string]bool{
		"--with-http_ssl_module":         true,
		"--with-http_v2_module":          false,
		"--without-http_gzip_module":     false,
		"--without-http_ssi_module":      true,
		"--without-mail_pop3_module":     false, // part of mail, which is missing as a whole
		"--without-stream_access_module": false,
	} {
		if slices.Contains(got, argument) != want {
			t.Errorf("%s: announced %v", argument, !want)
		}
	}
}
