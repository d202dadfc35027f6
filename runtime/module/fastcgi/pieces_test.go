package fastcgi

import (
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/upstream"
	"github.com/sluiceproxy/sluice/runtime/wire/fcgi"
)

// record is a record of request 1.
func record(t fcgi.Type, content string) string {
	b := append(fcgi.AppendHead(nil, t, len(content)), content...)
	return string(fcgi.AppendPadding(b, len(content)))
}

// end ends a response.
var end = record(fcgi.Stdout, "") + record(fcgi.EndRequest, "12345678")

// answers are what an application sends, and what the client gets of it: the status, fields of the application's, the body.
var answers = []struct{ name, sent, want string }{
	{"one record", record(fcgi.Stdout, "Status: 201 Made\r\nX-A: a\r\n\r\nbody") + end, "201 X-A: a; body"},
	{
		"a line over records, with standard error between", record(fcgi.Stdout, "X-A") + record(fcgi.Stderr, "oops") + record(fcgi.Stdout, ": ") +
			record(fcgi.Stderr, "again") + record(fcgi.Stdout, "a\r\nX-B: b\r") + record(fcgi.Stdout, "\n\r") + record(fcgi.Stdout, "\nbo") +
			record(fcgi.Stderr, "late") + record(fcgi.Stdout, "dy") + end,
		"200 X-A: a X-B: b; body",
	},
	{"nothing but a header", record(fcgi.Stdout, "\n") + end, "200; "},
	{"Content-Length", record(fcgi.Stdout, "Content-Length: 4\r\n\r\nbo") + record(fcgi.Stdout, "dy") + end, "200; body"},
	{"standard error first", record(fcgi.Stderr, strings.Repeat("e", 600)) + record(fcgi.Stderr, "") + record(fcgi.Stdout, "X-A: a\n\nbody") + end, "200 X-A: a; body"},
}

// TestPieces: a response is the same however its bytes arrive, and one that is cut short inside a record is never whole.
func TestPieces(t *testing.T) {
	for _, buffering := range []bool{true, false} {
		for _, keep := range []bool{true, false} {
			for _, tc := range answers {
				t.Run(fmt.Sprintf("%s, buffering %t, keep %t", tc.name, buffering, keep), func(t *testing.T) {
					play(t, tc.sent, tc.want, settings{keep: keep, Settings: pass.Settings{Buffering: buffering}})
				})
			}
		}
	}
}

// application runs run with a function that asks for a response, which an application sends in these pieces, and returns
// what the client is told.
func application(t *testing.T, set settings, run func(t *testing.T, ask func(pieces ...string) string)) {
	peers := upstream.NewGroup("app", []upstream.Server{{
		Name: "app", Addrs: []netaddr.Addr{netaddr.AddrFrom(netip.MustParseAddrPort("192.0.2.1:9000"))}, Weight: 1,
	}}, upstream.RoundRobin{})
	httptest.Bubble(t, "keepalive_timeout 0; server { }", func(t *testing.T, s *httptest.Server) {
		var pieces []string
		p := s.Memory().Peer(func(_ int, c *fronttest.Client) {
			_, _ = c.Read(make([]byte, 8192))
			for _, piece := range pieces {
				c.Send(piece)
				time.Sleep(time.Millisecond)
			}
		})
		peers.Dial = func(addr netaddr.Addr) upstream.Transport { return p.Dial(addr) }
		run(t, func(how ...string) string {
			pieces = how
			c := s.Client()
			defer func() { _ = c.Close() }()
			c.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			got, _ := io.ReadAll(c)
			return told(string(got))
		})
		s.Instance().Quit()
	}, pass.Module(), probe(&set, peers))
}

// play has an application send a response in two pieces, cut everywhere, then byte by byte, then cut short.
func play(t *testing.T, sent, want string, set settings) {
	application(t, set, func(t *testing.T, ask func(pieces ...string) string) {
		for cut := range len(sent) {
			if got := ask(sent[:cut], sent[cut:]); got != want {
				t.Fatalf("cut at %d: %q, want %q", cut, got, want)
			}
		}
		if got := ask(strings.Split(sent, "")...); got != want {
			t.Errorf("byte by byte: %q, want %q", got, want)
		}
		for cut := range len(sent) - len(end) + 1 {
			got := ask(sent[:cut])
			if got == want && strings.Contains(sent, "Content-Length") {
				continue // all that was announced is there
			}
			if inside := !between(sent[:cut]); inside && !strings.HasPrefix(got, "502") && !strings.HasSuffix(got, " cut") {
				t.Errorf("only %d bytes: %q", cut, got)
			} else if !inside && !strings.HasPrefix(got, "502") && strings.HasSuffix(got, " cut") && !(set.keep && set.Buffering) &&
				!strings.Contains(sent, "Content-Length") {
				t.Errorf("the first records, %d bytes: %q", cut, got)
			}
		}
	})
}

// probe passes every request on to the peers. Of the settings that are shared it takes Buffering, BufferSize and ReadTimeout.
func probe(set *settings, peers *upstream.Group) httpd.Module {
	return httpd.Module{Name: "probe", Register: func(b *httpd.Builder, m *conf.Module) {
		own := set.Settings
		set.Settings = pass.Defaults(b, "temp")
		set.Buffering = own.Buffering
		if own.BufferSize > 0 {
			set.BufferSize = own.BufferSize
		}
		if own.ReadTimeout > 0 {
			set.ReadTimeout = own.ReadTimeout
		}
		mod := &module{b: b, slot: b.Slot()}
		var err error
		b.Start(func(*httpd.Config) error { return set.Finish(prefix, hidden) })
		section := conf.NewSection(m, pass.ParamSettings{}, func(*pass.ParamSettings, *conf.Table) {})
		table := pass.NewParamTable(b, prefix, fcgi.AppendPair, func(block *conf.Block) *pass.ParamSettings { return section.Of(block) })
		b.EachServer(func(s *httpd.Server) error {
			err = table.Finish(s.Root.Block, &set.params, false)
			return err
		})
		t := &target{mod: mod, conf: set}
		b.Plan(func(p *httpd.Plan) {
			p.AddContent(func(r *httpd.Request) httpd.Result {
				c := newCall(t)
				c.S, c.Protocol, c.Framing = &set.Settings, prefix, records{}
				c.Begin(r, c)
				c.To, c.Group = &pass.Address{Schema: []byte("fastcgi://")}, peers
				if rc := c.ReadBody(true); rc != httpd.OK {
					return rc
				}
				return c.Run()
			})
		})
	}}
}

var own = regexp.MustCompile(`(?m)^X-[A-Z]: .*?\r?$`)

// told is what a client has got: the status, fields of the application's, and the body; " cut" where that is not whole.
func told(text string) string {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	if len(head) < 12 {
		return " cut"
	}
	status := head[9:12]
	for _, f := range own.FindAllString(head, -1) {
		status += " " + strings.TrimSuffix(f, "\r")
	}
	how := ""
	switch {
	case strings.Contains(head, "Transfer-Encoding: chunked"):
		rest, whole := strings.CutSuffix("\r\n"+body, "\r\n0\r\n\r\n")
		if !whole {
			how = " cut"
		}
		body = regexp.MustCompile(`\r\n[0-9a-f]+\r\n`).ReplaceAllString(rest, "")
	default:
		var n int
		_, _ = fmt.Sscanf(head[max(0, strings.Index(head, "Content-Length:")):], "Content-Length: %d", &n)
		if len(body) != n {
			how = " cut"
		}
	}
	return status + "; " + body + how
}

// between reports whether what was sent ends between two records.
func between(sent string) bool {
	var d fcgi.Decoder
	for in := []byte(sent); ; {
		_, n, st := d.Decode(in)
		if in = in[n:]; st == fcgi.More {
			return d.Between()
		}
	}
}
