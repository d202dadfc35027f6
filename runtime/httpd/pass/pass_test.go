package pass_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// TestUpstreamMessages: what is wrong with an upstream block is said in nginx's
// words.
func TestUpstreamMessages(t *testing.T) {
	for _, c := range []struct{ name, conf, want string }{
		{"no servers", `upstream u { }`, "no servers are inside upstream"},
		{"only backups", `upstream u { server 127.0.0.1 backup; }`, `no servers in upstream "u"`},
		{"twice", `upstream u { server 127.0.0.1; } upstream U { server 127.0.0.1; }`, `duplicate upstream "U"`},
		{"parameter", `upstream u { server 127.0.0.1 fast; }`, `invalid parameter "fast"`},
		{"weight", `upstream u { server 127.0.0.1 weight=0; }`, `invalid parameter "weight=0"`},
		{"max_fails", `upstream u { server 127.0.0.1 max_fails=x; }`, `invalid parameter "max_fails=x"`},
		{"port", `upstream u { server 127.0.0.1:99999; }`, `invalid port in upstream "127.0.0.1:99999"`},
		{"URI", `upstream u { server 127.0.0.1/x; }`, `invalid host in upstream "127.0.0.1/x"`},
		{"ip_hash and backup", `upstream u { ip_hash; server 127.0.0.1 backup; }`, `balancing method does not support parameter "backup"`},
		{"hash", `upstream u { hash $uri steady; server 127.0.0.1; }`, `invalid parameter "steady"`},
		{"random", `upstream u { random three; server 127.0.0.1; }`, `invalid parameter "three"`},
		{"keepalive", `upstream u { server 127.0.0.1; keepalive many; }`, `invalid value "many" in "keepalive" directive`},
		{"zone", `upstream u { zone z 1k; server 127.0.0.1; }`, `zone "z" is too small`},
		{"resolve without a zone", `upstream u { server a.example resolve; }`, `resolving names at run time requires upstream "u" in `},
		{"resolve without a resolver", `upstream u { zone z 64k; server a.example resolve; }`, `no resolver defined to resolve names at run time in upstream "u" in `},
		{"resolve of an address", `upstream u { server 127.0.0.1 resolve; }`, ""},
		{"resolve", `resolver 127.0.0.1; upstream u { zone z 64k; server a.example resolve; server a.example service=x resolve backup; }`, ""},
		{"resolver of the block", `upstream u { zone z 64k; resolver 127.0.0.1; resolver_timeout 1s; server a.example resolve; }`, ""},
		{"two resolvers", `upstream u { resolver 127.0.0.1; resolver 127.0.0.1; server 127.0.0.1; }`, `"resolver" directive is duplicate`},
		{"service", `upstream u { server a.example service=x; }`, `service upstream "a.example" requires "resolve" parameter`},
		{"service and port", `upstream u { server a.example:80 service=x resolve; }`, `service upstream "a.example:80" may not have port`},
		{"service of an address", `upstream u { server 127.0.0.1 service=x resolve; }`, `service upstream "127.0.0.1" requires domain name`},
		{"empty service", `upstream u { server a.example service= resolve; }`, `service is empty`},
		{"service without a value", `upstream u { server a.example service resolve; }`, `invalid parameter "service"`},
		{"empty route", `upstream u { server 127.0.0.1 route=; }`, `route is empty`},
		{"long route", `upstream u { server 127.0.0.1 route=123456789012345678901234567890123; }`, `route is longer than 32`},
		{"a word with a value", `upstream u { server 127.0.0.1 down=1; }`, `invalid parameter "down=1"`},
		{"backup of random", `upstream u { random; server 127.0.0.1 backup; }`, `balancing method does not support parameter "backup"`},
		{"slow_start of hash", `upstream u { hash $uri; server 127.0.0.1 slow_start=1s; }`, `balancing method does not support parameter "slow_start=1s"`},
		{"slow_start", `upstream u { server 127.0.0.1 slow_start=x; }`, `invalid parameter "slow_start=x"`},
		{"least_time", `upstream u { least_time body; server 127.0.0.1; }`, `invalid value "body"`},
		{"least_time and more", `upstream u { least_time header x; server 127.0.0.1; }`, `invalid parameter "x"`},
		{"least_time twice", `upstream u { least_time header; least_time header; server 127.0.0.1; }`, `"least_time" directive is duplicate`},
		{"random two", `upstream u { random two fastest; server 127.0.0.1; }`, `invalid parameter "fastest"`},
		{"queue", `upstream u { server 127.0.0.1; queue 0; }`, `invalid value "0" in "queue" directive`},
		{"queue timeout", `upstream u { server 127.0.0.1; queue 1 timeout=x; }`, `invalid parameter "timeout=x"`},
		{"state and server", `upstream u { server 127.0.0.1; state /nonexistent; }`, `"state" cannot be used along with "server"`},
		{"server and state", `upstream u { state /nonexistent; server 127.0.0.1; }`, `"state" cannot be used along with "server"`},
		{"state", `upstream u { state /nonexistent; }`, ""},
		{"sticky", `upstream u { server 127.0.0.1; sticky x y; }`, `unknown parameter "x"`},
		{"sticky twice", `upstream u { server 127.0.0.1; sticky route $a; sticky route $b; }`, `"sticky" directive is duplicate`},
		{"route of no variable", `upstream u { server 127.0.0.1; sticky route a; }`, `invalid variable name "a"`},
		{"no cookie", `upstream u { server 127.0.0.1; sticky cookie ""; }`, `"sticky" directive empty cookie name`},
		{"cookie", `upstream u { server 127.0.0.1; sticky cookie a b; }`, `unknown parameter "b"`},
		{"cookie secure=1", `upstream u { server 127.0.0.1; sticky cookie a secure=1; }`, `unknown parameter "secure=1"`},
		{"cookie path", `upstream u { server 127.0.0.1; sticky cookie a path=; }`, `"sticky" directive no value for "path"`},
		{"cookie domain", `upstream u { server 127.0.0.1; sticky cookie a domain=; }`, `"sticky" directive no value for "domain"`},
		{"cookie twice", `upstream u { server 127.0.0.1; sticky cookie a secure secure; }`, `"sticky" directive parameter "secure" is duplicate`},
		{"cookie expires", `upstream u { server 127.0.0.1; sticky cookie a expires=x; }`, `"sticky" directive invalid "expires" parameter value`},
		{"cookie samesite", `upstream u { server 127.0.0.1; sticky cookie a samesite=x; }`, `"sticky" directive invalid "samesite" parameter value`},
		{"learn without lookup", `upstream u { server 127.0.0.1; sticky learn create=$uri zone=z:64k; }`, `"sticky" directive "lookup" parameter is not specified`},
		{"learn without create", `upstream u { server 127.0.0.1; sticky learn lookup=$uri zone=z:64k; }`, `"sticky" directive "create" parameter is not specified`},
		{"learn without zone", `upstream u { server 127.0.0.1; sticky learn lookup=$uri create=$uri; }`, `"sticky" directive "zone" parameter is not specified`},
		{"learn a zone's size", `upstream u { server 127.0.0.1; sticky learn zone=z; }`, `"sticky" directive zone size is not specified`},
		{"learn a zone's name", `upstream u { server 127.0.0.1; sticky learn zone=:64k; }`, `"sticky" directive zone name is not specified`},
		{"learn a bad size", `upstream u { server 127.0.0.1; sticky learn zone=z:x; }`, `"sticky" directive invalid zone size`},
		{"learn a small zone", `upstream u { server 127.0.0.1; sticky learn zone=z:1k; }`, `"sticky" directive zone is too small`},
		{"learn two zones", `upstream u { server 127.0.0.1; sticky learn zone=z:64k zone=z:64k; }`, `"sticky" directive duplicate zone`},
		{"learn timeout", `upstream u { server 127.0.0.1; sticky learn timeout=0; }`, `"sticky" directive invalid timeout`},
		{"learn two timeouts", `upstream u { server 127.0.0.1; sticky learn timeout=1 timeout=1; }`, `"sticky" directive duplicate timeout`},
		{"learn no variable", `upstream u { server 127.0.0.1; sticky learn create=x; }`, `"sticky" directive missing variable in the "create" parameter`},
		{"learn sync", `upstream u { server 127.0.0.1; sticky learn sync; }`, `"sync" parameter is known to nginx but not supported here`},
		{"learn more", `upstream u { server 127.0.0.1; sticky learn x=y; }`, `unknown parameter "x=y"`},
		{"learn one zone twice", `upstream u { server 127.0.0.1; sticky learn lookup=$uri create=$uri zone=z:64k; } upstream v { server 127.0.0.1; sticky learn lookup=$uri create=$uri zone=z:64k; }`, `sticky zone "z" is already used in upstream "u"`},
		{"all is well", `upstream u { least_conn; server 127.0.0.1 weight=2 max_conns=3 fail_timeout=1m; server unix:/x down; keepalive 4 local; }`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := httptest.Load(t, c.conf+" server { }", pass.Module())
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestMethodRedefined(t *testing.T) {
	warnings, err := httptest.Load(t, `upstream u { ip_hash; least_conn; server 127.0.0.1; } server { }`, pass.Module())
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "load balancing method redefined") {
		t.Errorf("%q, %v", warnings, err)
	}
}

// TestState: the servers are those of a file, which may not be there yet.
func TestState(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, text, want string }{
		{"servers", "server 127.0.0.1:81 weight=2;\nserver 127.0.0.1:82 down;\n", ""},
		{"none", "", ""},
		{"a bad one", "server 127.0.0.1:81;\nserver 127.0.0.1 weight=0;\n", `invalid parameter "weight=0" at line 2 of "` + dir + `/state"`},
		{"another statement", "keepalive 3;\n", `invalid statement "keepalive" at line 1 of "` + dir + `/state"`},
		{"a statement that does not end", "server 127.0.0.1", `unexpected end of file`},
	} {
		if err := os.WriteFile(dir+"/state", []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := httptest.Load(t, `upstream u { state `+dir+`/state; } server { }`, pass.Module())
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := httptest.Load(t, `upstream u { state `+dir+`/none; } server { }`, pass.Module()); err != nil {
		t.Error(err)
	}
	if _, err := httptest.Load(t, `upstream u { state `+dir+`; } server { }`, pass.Module()); err == nil {
		t.Error("a folder is no file of servers")
	}
}
