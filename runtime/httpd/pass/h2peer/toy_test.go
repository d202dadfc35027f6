package h2peer_test

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/h2peer"
)

// toy is a codec that is a Peer and nothing else.
type toy struct {
	pass.Exchange
	peer h2peer.Peer
}

func (c *toy) AppendRequest(x *pass.Exchange, dst []byte) ([]byte, error) {
	r := x.R
	b, err := h2peer.AppendPseudo(c.peer.BeginRequest(dst), r, r.MethodStr, false, r.Unparsed, []byte("toy"))
	if err != nil {
		return b, err
	}
	if b, err = h2peer.NewFields().Append(b, r, -1, true); err != nil {
		return b, err
	}
	return c.peer.EndRequest(b, c.Stream || len(r.Body.Mem) > 0 || r.Body.File != nil), nil
}

func (c *toy) Open(x *pass.Exchange, kept any, head []byte) (keep any, skip int) {
	return c.peer.Open(x, kept, head)
}
func (c *toy) Reset(*pass.Exchange)   { c.peer.Reset() }
func (c *toy) Release(*pass.Exchange) { c.peer.Release() }
func (c *toy) ParseHeader(x *pass.Exchange, in []byte) (int, pass.Verdict) {
	return c.peer.ParseHeader(x, in)
}
func (c *toy) BeginBody(x *pass.Exchange) { c.peer.BeginBody(x) }
func (c *toy) Body(x *pass.Exchange, in []byte) ([]byte, int, pass.BodyStatus) {
	return c.peer.Body(x, in)
}

// serve passes all requests on to the peers of an upstream u; set changes the settings.
func serve(t testing.TB, upstream string, set func(*pass.Settings)) *httptest.Server {
	t.Helper()
	return httptest.New(t, "upstream u { "+upstream+" } server { }", pass.Module(), httpd.Module{
		Name: "toy", Register: func(b *httpd.Builder, _ *conf.Module) {
			settings := pass.Defaults(b, "temp")
			settings.PassTrailers = true
			if set != nil {
				set(&settings)
			}
			var up *pass.Upstream
			b.Start(func(*httpd.Config) error {
				up = pass.Of(b).Find([]byte("u"), 0, true)
				return settings.Finish("toy", nil)
			})
			b.Plan(func(p *httpd.Plan) {
				p.AddContent(func(r *httpd.Request) httpd.Result {
					x := &toy{}
					x.S, x.Protocol, x.Framing = &settings, "toy", &x.peer
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
		},
	})
}

// conn is a connection of a scripted peer.
type conn struct {
	*http2.Framer
	net  net.Conn
	dec  *hpack.Decoder
	list []string // fields of the block under way
}

// peer accepts connections, of which number n is served by serve; then it reads what comes and closes the connection when the
// other side does.
func peer(t testing.TB, serve func(n int, c *conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for n := 0; ; n++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer func() { _ = nc.Close() }()
				preface := make([]byte, len(http2.ClientPreface))
				if _, err := io.ReadFull(nc, preface); err != nil || string(preface) != http2.ClientPreface {
					t.Errorf("preface %q, %v", preface, err)
					return
				}
				c := &conn{Framer: http2.NewFramer(nc, nc), net: nc}
				c.dec = hpack.NewDecoder(0, func(f hpack.HeaderField) { c.list = append(c.list, f.Name+": "+f.Value) })
				serve(n, c)
				_, _ = io.Copy(io.Discard, nc)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return l.Addr().String()
}

// next describes the next frame, "" where the connection has ended.
func (c *conn) next() string {
	f, err := c.ReadFrame()
	if err != nil {
		return ""
	}
	h := f.Header()
	end := ""
	switch f := f.(type) {
	case *http2.HeadersFrame:
		_, _ = c.dec.Write(f.HeaderBlockFragment())
	case *http2.ContinuationFrame:
		_, _ = c.dec.Write(f.HeaderBlockFragment())
	case *http2.DataFrame:
		end = " " + strconv.Itoa(len(f.Data()))
	case *http2.WindowUpdateFrame:
		end = " " + strconv.Itoa(int(f.Increment))
	case *http2.SettingsFrame:
		_ = f.ForeachSetting(func(s http2.Setting) error {
			end += " " + s.String()
			return nil
		})
	}
	if h.Type == http2.FrameHeaders || h.Type == http2.FrameContinuation {
		if h.Flags.Has(http2.FlagHeadersEndHeaders) {
			end = " " + strings.Join(c.list, ", ")
			c.list = nil
			_ = c.dec.Close()
		}
	}
	if h.Type != http2.FrameWindowUpdate && h.Flags&1 != 0 {
		end += " END"
	}
	return h.Type.String() + " " + strconv.Itoa(int(h.StreamID)) + end
}

// until reads frames up to one that begins so. All are returned but those that begin a connection.
func (c *conn) until(prefix string) (seen []string) {
	for {
		line := c.next()
		if line == "" || strings.HasPrefix(line, prefix) {
			return append(seen, line)
		}
		if !slices.Contains(opening, line) {
			seen = append(seen, line)
		}
	}
}

var opening = []string{
	"SETTINGS 0 [HEADER_TABLE_SIZE = 0] [ENABLE_PUSH = 0] [INITIAL_WINDOW_SIZE = 2147483647]", "WINDOW_UPDATE 0 2147418112",
}

// request reads a request without a body. The report is its stream, 0 where the connection has ended.
func (c *conn) request() (stream uint32) {
	for {
		line := c.next()
		if line == "" {
			return 0
		}
		if rest, ok := strings.CutPrefix(line, "HEADERS "); ok {
			n, _, _ := strings.Cut(rest, " ")
			id, _ := strconv.Atoi(n)
			return uint32(id)
		}
	}
}

// frames are the frames that fn writes.
func frames(fn func(w *http2.Framer)) []byte {
	var b bytes.Buffer
	w := http2.NewFramer(&b, nil)
	w.AllowIllegalWrites = true
	fn(w)
	return b.Bytes()
}

// block is the header block of fields "name: value".
func block(fields ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	e.SetMaxDynamicTableSizeLimit(0)
	b.Reset()
	for _, f := range fields {
		i := strings.Index(f[1:], ": ") + 1
		_ = e.WriteField(hpack.HeaderField{Name: f[:i], Value: f[i+2:]})
	}
	return b.Bytes()
}

// headers appends a HEADERS frame.
func headers(w *http2.Framer, stream uint32, end bool, fields ...string) {
	_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block(fields...), EndHeaders: true, EndStream: end})
}
