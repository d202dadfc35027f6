package rewrite_test

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/maps"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

func server(t testing.TB, text string) *httptest.Server {
	return httptest.New(t, "default_type text/plain; server { "+text+" }", rewrite.Module(), maps.Module())
}

func TestPrograms(t *testing.T) {
	for _, c := range []struct {
		name, conf, target string
		want               string // body, or Location of a redirect
		status             int
	}{
		{"return in a server", `return 200 server; location / { return 200 never; }`, "/", "server", 200},
		{"return text", `location / { return 200 "$uri?$args"; }`, "/a%20b?c=%20", "/a b?c=%20", 200},
		{"return code", `location / { return 204; }`, "/", "", 204},
		{"return redirect", `location / { return 307 /x$is_args$args; }`, "/?a", "http://localhost/x?a", 307},
		{"return URL", `location / { return https://h/; }`, "/", "https://h/", 302},
		{"set", `set $a 1; location / { set $b "${a}2"; return 200 "$a$b"; }`, "/", "112", 200},
		{"set in order", `set $a 1; set $b $a; set $a 2; return 200 "$a$b";`, "/", "21", 200},
		{"set holds for what is not cached", `set $args a=1; set $limit_rate 1k; return 200 "$args|$arg_a|$limit_rate";`, "/?x", "a=1|1|1024", 200},
		{"last finds another location", `rewrite ^/a /b last; location /b { return 200 b; } location /a { return 200 a; }`, "/a", "b", 200},
		{"rewrite goes on", `rewrite ^/a /b; rewrite ^/b /c; location /c { return 200 c; }`, "/a", "c", 200},
		{"last ends", `location /a { rewrite ^/a /b last; rewrite ^/b /c; } location /b { return 200 b; }`, "/a", "b", 200},
		{"captures", `rewrite ^/(\w)(\w) /x/$2$1; location / { return 200 $uri; }`, "/ab", "/x/ba", 200},
		{"named groups", `rewrite ^/(?<one>\w)(?<two>\w) /$two/$one; location / { return 200 "$uri$one"; }`, "/ab", "/b/aa", 200},
		{"arguments are added", `rewrite ^ /x?b=2; location / { return 200 "$uri?$args"; }`, "/?a=1", "/x?b=2&a=1", 200},
		{"arguments are dropped", `rewrite ^ /x?b=2?; location / { return 200 "$uri?$args"; }`, "/?a=1", "/x?b=2", 200},
		{"arguments stay", `rewrite ^ /x; location / { return 200 "$uri?$args"; }`, "/?a=1", "/x?a=1", 200},
		{"a capture in arguments is encoded", `rewrite ^/(.*) /x?v=$1; location / { return 200 "$uri?$args"; }`, "/a%20%26", "/x?v=a%20%26", 200},
		{"a capture of a plain URI is not", `rewrite ^/(.*) /x?v=$1; location / { return 200 "$uri?$args"; }`, "/a;b", "/x?v=a;b", 200},
		{"set encodes before a rewrite matched", `if ($uri ~ ^/(.*)) { set $v $1; } return 200 $v;`, "/a%20b", "a%20b", 200},
		{"redirect", `rewrite ^/(.*) /to/$1 redirect;`, "/a%20b?c", "http://localhost/to/a%20b?c", 302},
		{"permanent with arguments", `rewrite ^ /to?x=1 permanent;`, "/?c", "http://localhost/to?x=1&c", 301},
		{"redirect by scheme", `rewrite ^ $scheme://h$uri;`, "/a", "http://h/a", 302},
		{"if true", `if ($arg_a) { return 200 yes; } return 200 no;`, "/?a=1", "yes", 200},
		{"if 0", `if ($arg_a) { return 200 yes; } return 200 no;`, "/?a=0", "no", 200},
		{"if empty", `if ($arg_a) { return 200 yes; } return 200 no;`, "/", "no", 200},
		{"if equal", `if ($arg_a = "x$arg_b") { return 200 yes; } return 200 no;`, "/?a=xy&b=y", "yes", 200},
		{"if not equal", `if ($arg_a != x) { return 200 yes; } return 200 no;`, "/?a=x", "no", 200},
		{"if matches", `if ($arg_a ~* ^(x)) { return 200 yes$1; } return 200 no;`, "/?a=Xy", "yesX", 200},
		{"if does not match", `if ($arg_a !~ ^x) { return 200 yes; } return 200 no;`, "/?a=Xy", "yes", 200},
		{"no match forgets captures", `if ($arg_a ~ ^(x)) { } if ($arg_a ~ y) { } return 200 "[$1]";`, "/?a=x", "[]", 200},
		{"if takes over the settings", `location / { error_page 404 = @outer; if ($arg_a) { error_page 404 = @inner; } return 404; }
			location @outer { return 200 outer; } location @inner { return 200 inner; }`, "/?a=1", "inner", 200},
		{"instructions of an if are in line", `location / { set $a 1; if ($arg_a) { set $a "${a}2"; } set $a "${a}3"; return 200 $a; }`, "/?a=1", "123", 200},
		{"if in a server", `if ($arg_a) { rewrite ^ /x last; } location /x { return 200 x; } location / { return 200 root; }`, "/?a=1", "x", 200},
		{"break ends", `location / { set $a 1; if ($arg_a) { break; } return 200 $a; }`, "/none?a=1", "", 404},
		{"file", `location / { if (-f $document_root/none) { return 200 yes; } return 200 no; }`, "/", "no", 200},
		{"directory", `root .; location / { if (-d $document_root) { return 200 yes; } return 200 no; }`, "/", "yes", 200},
		{"no directory", `root .; location / { if (!-d $document_root) { return 200 yes; } return 200 no; }`, "/", "no", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := server(t, c.conf).Get(c.target)
			got := r.Body
			if to := r.Header.Get("Location"); to != "" {
				got = to
			}
			if r.Status != c.status || c.status != 404 && got != c.want {
				t.Errorf("%d %q, want %d %q", r.Status, got, c.status, c.want)
			}
		})
	}
}

func TestLog(t *testing.T) {
	for _, c := range []struct {
		name, conf, target string
		want               string
	}{
		{"rewrite_log", `rewrite_log on; rewrite ^/x /y; return 204;`, "/a", `[notice] * "^/x" does not match "/a"`},
		{"rewrite_log of a match", `rewrite_log on; rewrite ^/(x) /y?$1; return 204;`, "/x?q", `[notice] * rewritten data: "/y", args: "x&q"`},
		{"rewrite_log of a redirect", `rewrite_log on; rewrite ^/(x) http://h/;`, "/x?q", `[notice] * rewritten redirect: "http://h/?q"`},
		{"uninitialized", `if ($arg_a) { set $b 1; } return 200 $b;`, "/", `[warn] * using uninitialized "b" variable`},
		{"empty URI", `set $none ""; rewrite ^ $none;`, "/", `[error] * the rewritten URI has a zero length`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := server(t, c.conf)
			s.Get(c.target)
			level, text, _ := strings.Cut(c.want, "*")
			for line := range strings.Lines(s.Log()) {
				if strings.Contains(line, strings.TrimSpace(level)) && strings.Contains(line, text) {
					return
				}
			}
			t.Errorf("no %s in\n%s", c.want, s.Log())
		})
	}
}

func TestQuiet(t *testing.T) {
	s := server(t, `uninitialized_variable_warn off; rewrite_log off; rewrite ^/(x) /y; if ($arg_a) { set $b 1; } return 200 $b;`)
	s.Get("/x")
	for _, word := range []string{"uninitialized", "rewritten", "matches"} {
		if strings.Contains(s.Log(), word) {
			t.Errorf("log:\n%s", s.Log())
		}
	}
}

func TestNamedGroupsAreNotUninitialized(t *testing.T) {
	s := server(t, `if ($arg_a ~ (?<g>x)) { set $b 1; } return 200 "[$g]";`)
	if r := s.Get("/"); r.Body != "[]" || strings.Contains(s.Log(), "uninitialized") {
		t.Errorf("%q, log:\n%s", r.Body, s.Log())
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ conf, want string }{
		{`set a b;`, `invalid variable name "a"`},
		{`set $ b;`, `invalid variable name "$"`},
		{`set $uri b;`, `the duplicate "uri" variable`},
		{`return x;`, `invalid return code "x"`},
		{`return 1000;`, `invalid return code "1000"`},
		{`return http://a b;`, `invalid return code "http://a"`},
		{`rewrite a "";`, `empty replacement`},
		{`rewrite a b c;`, `invalid parameter "c"`},
		{`rewrite ( b;`, `pcre2_compile() failed`},
		{`if $uri { }`, `invalid condition "$uri"`},
		{`if ($uri { }`, `invalid condition "$uri"`},
		{`if () { }`, `invalid condition ")"`},
		{`if ( ) { }`, `invalid condition ")"`},
		{`if ($uri = ) { }`, `invalid condition "$uri"`},
		{`if ($uri == a) { }`, `unexpected "==" in condition`},
		{`if (-z a) { }`, `invalid condition "-z"`},
		{`if (-f) { }`, `invalid condition "-f"`},
		{`if ($none) { }`, `unknown "none" variable`},
	} {
		t.Run(c.conf, func(t *testing.T) {
			_, err := httptest.Load(t, "server { "+c.conf+" }", rewrite.Module())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
