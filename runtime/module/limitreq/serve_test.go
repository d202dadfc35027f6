package limitreq_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/emptygif"
	"github.com/sluiceproxy/sluice/runtime/module/headers"
	"github.com/sluiceproxy/sluice/runtime/module/limitreq"
)

func modules() []httpd.Module {
	return []httpd.Module{headers.Module(), limitreq.Module(), emptygif.Module()}
}

const zones = `limit_req_zone $arg_k zone=slow:1m rate=1r/m; limit_req_zone $arg_k zone=fast:1m rate=1000r/s;
	limit_req_zone $arg_k zone=other:1m rate=1r/m; `

func TestLimits(t *testing.T) {
	s := httptest.New(t, zones+`server {
		add_header X-Status $limit_req_status always;
		location / { limit_req zone=slow; empty_gif; }
		location /burst { limit_req zone=slow burst=1 nodelay; limit_req_status 429; limit_req_log_level warn; empty_gif; }
		location /delay { limit_req zone=fast burst=1; empty_gif; }
		location /two { limit_req zone=fast nodelay burst=5; limit_req zone=other; empty_gif; }
		location /dry { limit_req zone=slow; limit_req_dry_run on; limit_req_log_level info; empty_gif; }
		location /none { empty_gif; }
		location /redirected { limit_req zone=slow; error_page 503 /two; empty_gif; }
	}`, modules()...)
	for _, c := range []struct {
		target, xstatus string
		status          int
		log             string
	}{
		{"/?k=a", "PASSED", 200, ""},
		{"/?k=a", "REJECTED", 503, `[error] * limiting requests, excess: 1.000 by zone "slow"`},
		{"/?k=b", "PASSED", 200, ""},
		{"/", "", 200, ""},
		{"/burst?k=a", "PASSED", 200, ""},
		{"/burst?k=a", "REJECTED", 429, `[warn] * limiting requests, excess: 2.000 by zone "slow"`},
		{"/two?k=c", "PASSED", 200, ""},
		{"/two?k=c", "REJECTED", 503, `[error] * limiting requests, excess: 1.000 by zone "other"`},
		{"/dry?k=a", "REJECTED_DRY_RUN", 200, `[info] * limiting requests, dry run, excess: 2.000 by zone "slow"`},
		{"/none?k=a", "", 200, ""},
		{"/redirected?k=b", "REJECTED", 503, ""},
		{"/?k=" + strings.Repeat("x", 70), "PASSED", 200, ""},
	} {
		r := s.Get(c.target)
		if r.Status != c.status || r.Header.Get("X-Status") != c.xstatus {
			t.Errorf("%s: %d %s, want %d %s", c.target, r.Status, r.Header.Get("X-Status"), c.status, c.xstatus)
		}
		level, text, _ := strings.Cut(c.log, " * ")
		found := c.log == ""
		for _, line := range strings.Split(s.Log(), "\n") {
			found = found || strings.Contains(line, level) && strings.Contains(line, text+", client: ")
		}
		if !found {
			t.Errorf("%s: no %q in %s", c.target, c.log, s.Log())
		}
	}
	// Some of them come within a millisecond of each other.
	for range 10 {
		if r := s.Get("/delay?k=a"); r.Status == 200 && r.Header.Get("X-Status") == "DELAYED" {
			break
		}
	}
}

func TestLoad(t *testing.T) {
	for text, want := range map[string]string{
		"limit_req_zone $arg_a zone=z:1m rate=1r/s; limit_req zone=z burst=5 delay=3;":          "",
		"limit_req zone=z; limit_req_zone $arg_a rate=30r/m zone=z:1m;":                         "",
		"limit_req_zone $arg_a zone=z rate=1r/s;":                                               `invalid zone size "zone=z"`,
		"limit_req_zone $arg_a zone=z:x rate=1r/s;":                                             `invalid zone size "zone=z:x"`,
		"limit_req_zone $arg_a zone=z:1k rate=1r/s;":                                            `zone "zone=z:1k" is too small`,
		"limit_req_zone $arg_a zone=z:1m rate=0r/s;":                                            `invalid rate "rate=0r/s"`,
		"limit_req_zone $arg_a zone=z:1m rate=1r/h;":                                            `invalid rate "rate=1r/h"`,
		"limit_req_zone $arg_a rate=1r/s rate=2r/s;":                                            `"limit_req_zone" must have "zone" parameter`,
		"limit_req_zone $arg_a zone=z:1m what;":                                                 `invalid parameter "what"`,
		"limit_req_zone $arg_a zone=z:1m rate=1r/s; limit_req_zone $arg_b zone=z:1m rate=1r/s;": `limit_req_zone "z" is already bound to key "$arg_a"`,
		"limit_req_zone $arg_a zone=z:1m rate=1r/s; limit_req_zone $arg_b zone=z:2m rate=1r/s;": `the size 2097152 of shared memory zone "z" conflicts with already declared size 1048576`,
		"limit_req burst=1;":                  `"limit_req" must have "zone" parameter`,
		"limit_req zone=z burst=0;":           `invalid burst value "burst=0"`,
		"limit_req zone=z delay=x;":           `invalid delay value "delay=x"`,
		"limit_req zone=z what=1;":            `invalid parameter "what=1"`,
		"limit_req zone=z; limit_req zone=z;": `"limit_req" directive is duplicate`,
		"limit_req_status 399;":               "value must be between 400 and 599",
		"limit_req_log_level crit;":           `invalid value "crit"`,
	} {
		_, err := httptest.Load(t, text, modules()...)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
