package pass_test

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
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
)

// toy is the codec of a protocol whose requests are "METHOD URI" in a line, with the body behind it. A response is a line
// with its status and the length of its body, -1 for one that ends with the connection.
type toy struct{ pass.Exchange }

func (*toy) AppendRequest(x *pass.Exchange, dst []byte) ([]byte, error) {
	dst = append(append(dst, x.R.MethodStr...), ' ')
	from := len(dst)
	dst = append(dst, x.R.URI...)
	x.SetURI(from, len(dst))
	return append(dst, '\n'), nil
}

func (*toy) Reset(*pass.Exchange)   {}
func (*toy) Release(*pass.Exchange) {}

func (*toy) ParseHeader(x *pass.Exchange, in []byte) (int, pass.Verdict) {
	line, _, ok := bytes.Cut(in, []byte("\n"))
	if !ok {
		return 0, pass.HeaderMore
	}
	if _, err := fmt.Sscanf(string(line), "%d %d", &x.Response.Status, &x.Response.ContentLength); err != nil {
		x.R.Errorf(nil, "upstream sent no header")
		return 0, pass.HeaderInvalid
	}
	x.SetStatus(x.Response.Status)
	return len(line) + 1, pass.HeaderDone
}

func (*toy) BeginBody(x *pass.Exchange) {
	x.Length = x.Response.ContentLength
	x.Keepalive = x.Length == 0
}

func (*toy) Body(x *pass.Exchange, in []byte) ([]byte, int, pass.BodyStatus) {
	if x.Length == -1 {
		return in, len(in), pass.BodyData
	}
	if x.Length -= int64(len(in)); x.Length > 0 {
		return in, len(in), pass.BodyData
	}
	x.Keepalive = true
	return in, len(in), pass.BodyDone
}

// passing is a test of requests that are passed on to two peers.
type passing struct {
	name    string
	conf    string // of the upstream block
	set     func(s *pass.Settings)
	framing pass.Framing
	peers   []func(p *fronttest.Peer)
	steps   []httptest.Step
	want    string // what the client sees
	logs    string
}

// play has the steps taken.
func (tc *passing) play(t *testing.T) {
	dial := map[string]*fronttest.Peer{}
	text := "upstream u { " + tc.conf
	for i := range tc.peers {
		text += " server 192.0.2." + strconv.Itoa(i+11) + ";"
	}
	httptest.Bubble(t, text+" } keepalive_timeout 1s; server { }", func(t *testing.T, s *httptest.Server) {
		for i, set := range tc.peers {
			p := s.Memory().Peer(nil)
			set(p)
			dial["192.0.2."+strconv.Itoa(i+11)+":80"] = p
		}
		if got := s.Play(tc.steps...); got != tc.want {
			t.Errorf("the client sees: %s\nwant: %s", got, tc.want)
		}
		s.Instance().Quit()
		if log := s.Log(); tc.logs == "" && log != "" || !strings.Contains(log, tc.logs) {
			t.Errorf("logged: %s", log)
		}
	}, pass.Module(), tc.module(func(addr netaddr.Addr) upstream.Transport { return dial[addr.String()].Dial(addr) }))
}

// module passes every request on to the upstream u.
func (tc *passing) module(dial func(netaddr.Addr) upstream.Transport) httpd.Module {
	return httpd.Module{Name: "toy", Register: func(b *httpd.Builder, _ *conf.Module) {
		settings := pass.Defaults(b, "temp")
		if tc.set != nil {
			tc.set(&settings)
		}
		var up *pass.Upstream
		b.Start(func(*httpd.Config) error {
			up = pass.Of(b).Find([]byte("u"), 0, true)
			pass.DialWith(up, dial)
			return settings.Finish("toy", nil)
		})
		b.Plan(func(p *httpd.Plan) {
			p.AddContent(func(r *httpd.Request) httpd.Result {
				x := &toy{}
				x.S, x.Protocol, x.Framing = &settings, "toy", tc.framing
				x.Begin(r, x)
				if rc := x.SetTarget(&pass.Target{Addr: pass.Address{Schema: []byte("toy://")}, Up: up}); rc != httpd.OK {
					return rc
				}
				if rc := x.ReadBody(true); rc != httpd.OK {
					return rc
				}
				return x.Run()
			})
		})
	}}
}

// takes makes connecting to a peer take a time.
func takes(d time.Duration) func(p *fronttest.Peer) {
	return func(p *fronttest.Peer) { p.Takes = d }
}

func refuses(*fronttest.Peer) {}

// piece is a part of an answer, at a time since the connection was made.
type piece struct {
	at   time.Duration
	text string
}

// answers makes a peer answer its first request so, and close the connection.
func answers(pieces ...piece) func(p *fronttest.Peer) {
	return func(p *fronttest.Peer) {
		p.Accept = func(_ int, c *fronttest.Client) {
			began := time.Now()
			_, _ = c.Read(make([]byte, 1000))
			for _, part := range pieces {
				time.Sleep(part.at - time.Since(began))
				c.Send(part.text)
			}
		}
	}
}

// silent makes a peer take its request and say nothing.
func silent(p *fronttest.Peer) {
	p.Accept = func(_ int, c *fronttest.Client) { _, _ = io.Copy(io.Discard, c) }
}

// deaf makes a peer take nothing.
func deaf(p *fronttest.Peer) {
	p.Accept = func(_ int, _ *fronttest.Client) { time.Sleep(time.Minute) }
}
