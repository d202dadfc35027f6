package limitconn_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/emptygif"
	"github.com/sluiceproxy/sluice/runtime/module/headers"
	"github.com/sluiceproxy/sluice/runtime/module/limitconn"
)

// held is a module whose content handler answers when it is told to.
type held struct{ begun, release chan struct{} }

func (h held) module() httpd.Module {
	return httpd.Module{Name: "held", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Plan(func(p *httpd.Plan) {
			p.AddContent(func(r *httpd.Request) httpd.Result {
				if !strings.HasPrefix(string(r.URI), "/held") {
					return httpd.Declined
				}
				h.begun <- struct{}{}
				<-h.release
				return r.Respond(200, nil, nil)
			})
		})
	}}
}

func TestLimits(t *testing.T) {
	h := held{make(chan struct{}), make(chan struct{})}
	s := httptest.New(t, `limit_conn_zone $arg_k zone=one:1m; limit_conn_zone $arg_l zone=two:1m; server {
		add_header X-Status $limit_conn_status always;
		location / { limit_conn one 1; empty_gif; }
		location /held { limit_conn one 1; }
		location /two { limit_conn one 2; limit_conn_status 429; empty_gif; }
		location /both { limit_conn two 1; limit_conn one 1; limit_conn_log_level info; empty_gif; }
		location /only { limit_conn two 1; empty_gif; }
		location /dry { limit_conn one 1; limit_conn_dry_run on; empty_gif; }
		location /none { empty_gif; }
	}`, headers.Module(), limitconn.Module(), emptygif.Module(), h.module())
	answers := make(chan httptest.Response)
	for range 2 {
		go func() { answers <- s.Get("/held?k=a") }()
		<-h.begun
		for _, c := range []struct {
			target, xstatus string
			status          int
		}{
			{"/?k=a", "REJECTED", 503},
			{"/?k=b", "PASSED", 200},
			{"/", "", 200},
			{"/two?k=a", "PASSED", 200},
			{"/both?k=a&l=a", "REJECTED", 503},
			{"/only?l=a", "PASSED", 200}, // not counted where the other refused
			{"/dry?k=a", "REJECTED_DRY_RUN", 200},
			{"/none?k=a", "", 200},
		} {
			r := s.Get(c.target)
			if r.Status != c.status || r.Header.Get("X-Status") != c.xstatus {
				t.Errorf("%s: %d %s, want %d %s", c.target, r.Status, r.Header.Get("X-Status"), c.status, c.xstatus)
			}
		}
		h.release <- struct{}{}
		if r := <-answers; r.Status != 200 || r.Header.Get("X-Status") != "PASSED" {
			t.Errorf("%+v", r)
		}
	}
	for _, want := range []string{`limiting connections by zone "one", client: `, `limiting connections, dry run, by zone "one", client: `, "[info]"} {
		if !strings.Contains(s.Log(), want) {
			t.Errorf("no %q in the log", want)
		}
	}
}

func TestLoad(t *testing.T) {
	for text, want := range map[string]string{
		"limit_conn_zone $arg_a zone=z:1m; limit_conn z 1;":                   "",
		"limit_conn z 65535; limit_conn_zone $arg_a zone=z:1m;":               "",
		"limit_conn_zone $arg_a zone=z;":                                      `invalid zone size "zone=z"`,
		"limit_conn_zone $arg_a zone=:1m;":                                    `"limit_conn_zone" must have "zone" parameter`,
		"limit_conn_zone $arg_a zone=z:1k;":                                   `zone "zone=z:1k" is too small`,
		"limit_conn_zone $arg_a z:1m;":                                        `invalid parameter "z:1m"`,
		"limit_conn_zone $arg_a zone=z:1m; limit_conn_zone $arg_b zone=z:1m;": `limit_conn_zone "z" is already bound to key "$arg_a"`,

		"limit_conn z 0;":                 `invalid number of connections "0"`,
		"limit_conn z x;":                 `invalid number of connections "x"`,
		"limit_conn z 65536;":             "connection limit must be less 65536",
		"limit_conn z 1; limit_conn z 2;": `"limit_conn" directive is duplicate`,
		"limit_conn_status 600;":          "value must be between 400 and 599",
	} {
		_, err := httptest.Load(t, text, limitconn.Module())
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
