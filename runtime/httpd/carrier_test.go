package httpd_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// paper is a Carrier that notes what reaches the client.
type paper struct {
	httpd.NoClient
	notes []string
}

func (p *paper) SendHead(r *httpd.Request) httpd.Result {
	p.notes = append(p.notes, fmt.Sprintf("head %d of %d", r.Out.Status, r.Out.ContentLength))
	return httpd.OK
}

func (p *paper) Write(_ *httpd.Request, o *httpd.Out) error {
	p.notes = append(p.notes, fmt.Sprintf("body %q last %t", o.Mem, o.Last))
	return nil
}

// TestCarrier: a request that no connection carries goes through every phase, in nginx's order, and what it answers
// goes to its Carrier.
func TestCarrier(t *testing.T) {
	p := &paper{}
	var cfg *httpd.Config
	note := func(phase string) httpd.Handler {
		return func(r *httpd.Request) httpd.Result {
			p.notes = append(p.notes, phase+" "+string(r.RemoteAddr()))
			return httpd.Declined
		}
	}
	httptest.New(t, "server { location / { } }", httpd.Module{Name: "notes", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Start(func(c *httpd.Config) error { cfg = c; return nil })
		b.Plan(func(pl *httpd.Plan) {
			pl.PostRead(note("post-read"))
			pl.ServerRewrite(note("server-rewrite"))
			pl.Rewrite(note("rewrite"))
			pl.PreAccess(note("preaccess"))
			pl.Access(note("access"))
			pl.PreContent(note("precontent"))
			pl.AddContent(func(r *httpd.Request) httpd.Result { return r.Respond(200, nil, []byte("hello")) })
			pl.HeaderFilter(func(r *httpd.Request) httpd.Result { note("header filter")(r); return httpd.OK })
			pl.Log(note("log"))
		})
	}})
	httpd.Serve(cfg, p, netaddr.AddrFrom(netip.MustParseAddrPort("192.0.2.7:80")), "/")
	want := `post-read 192.0.2.7
server-rewrite 192.0.2.7
rewrite 192.0.2.7
preaccess 192.0.2.7
access 192.0.2.7
precontent 192.0.2.7
header filter 192.0.2.7
head 200 of 5
body "hello" last true
log 192.0.2.7`
	if got := strings.Join(p.notes, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
