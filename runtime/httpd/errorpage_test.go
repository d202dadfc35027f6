package httpd_test

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// brief is a Carrier that notes the status of a response, its Location, and how its body begins.
type brief struct {
	httpd.NoClient
	notes []string
}

func (p *brief) SendHead(r *httpd.Request) httpd.Result {
	note := "head " + strconv.Itoa(r.Out.Status)
	if to := r.Out.Value(h1.Location); to != nil {
		note += " to " + string(to)
	}
	p.notes = append(p.notes, note)
	return httpd.OK
}

func (p *brief) Write(_ *httpd.Request, o *httpd.Out) error {
	line, _, _ := strings.Cut(string(o.Mem), "\r")
	p.notes = append(p.notes, line)
	return nil
}

// TestErrorPages: which location answers in place of a code, and with which code, on a Carrier that is no connection.
func TestErrorPages(t *testing.T) {
	for _, tc := range []struct{ name, conf, path, want string }{
		{"none", "", "/403", "head 403, <html>, log /403"},
		{"a page", "error_page 403 /page;", "/403", "head 403, page, log /page"},
		{"another code", "error_page 404 /page;", "/403", "head 403, <html>, log /403"},
		{"the page's code", "error_page 403 = /page;", "/403", "head 200, page, log /page"},
		{"a code", "error_page 403 =201 /page;", "/403", "head 201, page, log /page"},
		{"several codes", "error_page 403 404 =202 /page;", "/404", "head 202, page, log /page"},
		{"the first", "error_page 403 /one; error_page 403 /two;", "/403", "head 403, one, log /one"},
		{"a named location", "error_page 403 = @away; location @away { }", "/403", "head 403, <html>, log /403"},
		{"a redirect", "error_page 403 http://b/;", "/403", "head 302 to http://b/, <html>, log /403"},
		{"a redirect with a code", "error_page 403 =301 http://b/;", "/403", "head 301 to http://b/, <html>, log /403"},
		{"a variable", "error_page 403 /x$uri;", "/403", "head 403, x, log /x/403"},
		{"a page that fails", "error_page 403 /404; error_page 404 /page;", "/403", "head 404, <html>, log /404"},
		{"recursive", "recursive_error_pages on; error_page 403 /404; error_page 404 /page;", "/403", "head 404, page, log /page"},
		{"a cycle", "recursive_error_pages on; error_page 403 /403;", "/403", "head 500, <html>, log /403"},
		{"the location's", "error_page 403 /page; location /403 { error_page 403 /own; }", "/403", "head 403, own, log /own"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &brief{}
			var cfg *httpd.Config
			d := &diary{}
			httptest.New(t, "server { "+tc.conf+" }", httpd.Module{Name: "pages", Register: func(b *httpd.Builder, _ *conf.Module) {
				b.Start(func(c *httpd.Config) error { cfg = c; return nil })
				b.Plan(func(pl *httpd.Plan) {
					pl.AddContent(d.answer)
					pl.Log(func(r *httpd.Request) httpd.Result {
						p.notes = append(p.notes, "log "+string(r.URI))
						return httpd.OK
					})
				})
			}})
			httpd.Serve(cfg, p, netaddr.AddrFrom(netip.MustParseAddrPort("192.0.2.7:80")), tc.path)
			if got := strings.Join(p.notes, ", "); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
