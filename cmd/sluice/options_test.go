package main

import (
	"reflect"
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
	for args, want := range map[string]runtime.Options{
		"":                  {Prefix: "/usr/local/nginx/", ConfPath: "/usr/local/nginx/conf/nginx.conf"},
		"-p /srv":           {Prefix: "/srv/", ConfPath: "/srv/conf/nginx.conf"},
		"-p rel/ -c x.conf": {Prefix: "rel/", ConfPath: "rel/x.conf"},
		"-c /etc/x.conf":    {Prefix: "/usr/local/nginx/", ConfPath: "/etc/x.conf"},
		"-e stderr -g a;":   {Prefix: "/usr/local/nginx/", ConfPath: "/usr/local/nginx/conf/nginx.conf", ErrorLog: "stderr", Param: "a;"},
	} {
		o, err := parseOptions(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		got := o.runtime()
		got.Console = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v", args, got)
		}
	}
	if o, err := parseOptions([]string{"-e", ""}); err != nil || o.runtime().ErrorLog != "stderr" {
		t.Errorf("-e with an empty name: %+v, %v", o, err)
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
