package pass_test

import (
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
		{"resolve", `upstream u { server a.example resolve; }`, `"resolve" parameter is known to nginx but not supported here`},
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
