package httpd

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Upstream is what a module that passes requests on keeps with a request. It
// lives until the request ends, internal redirects notwithstanding.
type Upstream interface {
	// LogUpstream adds to error log lines what the exchange under way is about:
	// `, upstream: "http://127.0.0.1:80/uri"`.
	LogUpstream(f *errlog.Fields)
	// ClientLost is called when a write to the client has failed, and returns what
	// the error log says of that; empty: the exchange is over, and has no part in it.
	ClientLost() string
	// Close is called when the request ends.
	Close(r *Request)
}

// Upstream returns what SetUpstream was given, nil before.
func (r *Request) Upstream() Upstream { return r.upstream }

// SetUpstream keeps u with the request. u must look after what was kept before.
func (r *Request) SetUpstream(u Upstream) { r.upstream = u }

// ClientGone reports whether the client has closed its connection, for those
// who wait for something else meanwhile. The error is the one pending on the
// socket, if any.
func (r *Request) ClientGone() (bool, error) { return r.conn.nc.HungUp() }

// ClientClosed is ClientGone without the error, which stays with the socket.
func (r *Request) ClientClosed() bool { return r.conn.nc.PeerClosed() }

// OnClientBlocked makes fn be called, once, when a write to the client is about
// to wait because the client takes nothing more for now, or may have nothing more
// for now because of limit_rate; nil calls it off. fn
// runs on the request's goroutine and must not write to the client. It is not
// called where subrequests may be included: there the one whose turn it is
// writes, and the others wait.
func (r *Request) OnClientBlocked(fn func()) {
	if r.main.kin != nil || r.mayInclude {
		return
	}
	if c := r.conn; c.drop.r != nil {
		c.nc.OnBlocked(func() {
			if fn != nil {
				fn()
			}
			c.beginDrop()
		})
		return
	}
	r.conn.nc.OnBlocked(fn)
}

// HasErrorPage reports whether error_page has something for a code here.
func (r *Request) HasErrorPage(code int) bool {
	for _, p := range r.loc.Core.errorPages.Items {
		if p.status == code {
			return true
		}
	}
	return false
}

// Flush sends what waits to be sent.
func (r *Request) Flush() error {
	o := r.Piece()
	o.Flush = true
	return r.Output(o)
}

// BreakOff ends the response where it is: what waits to be sent never leaves.
func (r *Request) BreakOff() {
	m := r.main
	m.sent = max(m.sent-int64(r.conn.outLen), 0)
	r.conn.outLen = 0
}

// SendOverdue sends what waits to be sent if it is as much as postpone_output
// asks for. It is called before a wait for more of a response, so that a header of
// that size leaves before its body comes.
func (r *Request) SendOverdue() error {
	c := r.conn
	if c.outLen == 0 || !r.overdue() || r.failed {
		return nil
	}
	err := c.flush(r)
	if err != nil {
		r.broken(err)
	}
	return err
}

// TCPNoDelay is the tcp_nodelay setting.
func (c *Core) TCPNoDelay() bool { return c.tcpNodelay }

// BodyTimeout is client_body_timeout in milliseconds.
func (c *Core) BodyTimeout() int64 { return c.bodyTimeout }

// TempPath is a directory for temporary files with up to three levels of
// subdirectories, each named by so many digits of the file's number.
type TempPath struct {
	Dir    string // absolute
	Levels [3]int
	given  bool // by a directive
}

// tempDigits is the length of a temporary file's name.
const tempDigits = 10

// Set reads a *_temp_path directive: a path and the levels.
func (t *TempPath) Set(c *conf.Cmd) error {
	*t = TempPath{Dir: c.Loader.FullPath(strings.TrimSuffix(c.Arg(0), "/")), given: true}
	c.Loader.Folder(t.Dir)
	digits := 0
	for i := 1; i < len(c.Args); i++ {
		n, ok := conf.ParseInt(c.Arg(i))
		if digits += n; !ok || n < 1 || digits > tempDigits {
			return c.Bad("invalid value")
		}
		t.Levels[i-1] = n
	}
	return c.UsePath(t.Dir, t.Levels, false)
}

// Default checks a folder that no directive named against those that
// directives did.
func (t *TempPath) Default(l *conf.Loader) error {
	if t.given {
		return nil
	}
	return l.DefaultPath(t.Dir, t.Levels)
}

// NextNumber returns the next of the process's numbers: names of temporary files and
// boundaries of multipart responses are made of the same ones, as in nginx.
func (r *Request) NextNumber() uint64 { return r.conn.srv.nextNumber.Add(1) }

// path returns the name of file n, which has 32 bits of it.
func (t *TempPath) path(n uint64) string {
	name := strconv.FormatUint(uint64(uint32(n)), 10)
	name = strings.Repeat("0", max(tempDigits-len(name), 0)) + name
	dir, rest := t.Dir, name
	for _, l := range t.Levels {
		if l == 0 || l > len(rest) {
			break
		}
		dir = filepath.Join(dir, rest[len(rest)-l:])
		rest = rest[:len(rest)-l]
	}
	return filepath.Join(dir, name)
}

// TempFile creates a file in t. A failure is logged.
func (r *Request) TempFile(t *TempPath) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	for n := r.NextNumber(); ; {
		path := t.path(n)
		f, err := os.OpenFile(path, flags, 0o600)
		if errors.Is(err, os.ErrNotExist) {
			if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
				f, err = os.OpenFile(path, flags, 0o600)
			}
		}
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, os.ErrExist):
			// Files of an earlier process may be kept, and there may be many of them.
			n = r.conn.srv.nextNumber.Add(uint64(rand.Uint32()))
			continue
		}
		r.Logf(errlog.Crit, err, `open() "%s" failed`, path)
		return nil, err
	}
}

// SendEarlyHints sends the visible fields of Out as a 103 response where
// early_hints allows that, and leaves Out to the caller.
func (r *Request) SendEarlyHints() error {
	if r.parent != nil || r.Version < 1001 || !anySet(r, r.loc.Core.earlyHints.Items) {
		return nil
	}
	b := append(r.Alloc(1024)[:0], "HTTP/1.1 103 Early Hints\r\n"...)
	empty := len(b)
	for i := range r.Out.List {
		if h := &r.Out.List[i]; !h.Hidden {
			b = append(b, h.Name...)
			b = append(b, ": "...)
			b = append(b, h.Value...)
			b = append(b, '\r', '\n')
		}
	}
	if len(b) == empty {
		return nil
	}
	err := r.conn.put(r, append(b, '\r', '\n'))
	if err == nil {
		err = r.conn.flush(r)
	}
	if err != nil {
		r.broken(err)
	}
	return err
}

// anySet reports whether one of the values is neither empty nor "0", as
// nginx's predicates ask.
func anySet(r *Request, values []*script.Value) bool {
	for _, v := range values {
		if b := v.Eval(r); len(b) > 0 && string(b) != "0" {
			return true
		}
	}
	return false
}

// Shared returns the object that modules share under key in this
// configuration; the first who asks makes it.
func (b *Builder) Shared(key any, create func() any) any {
	v, ok := b.shared[key]
	if !ok {
		v = create()
		if b.shared == nil {
			b.shared = map[any]any{}
		}
		b.shared[key] = v
	}
	return v
}

// Hijacked is a client's connection that goes on with another protocol, until its
// request ends. Only who took it over reads from it; what is sent is output of the
// request as before.
type Hijacked struct {
	Socket *netio.Conn
	Stream io.Reader // what the client sends from now on, decrypted
	Input  []byte    // what it has sent after the request so far
}

// Hijack takes the connection over.
func (r *Request) Hijack() Hijacked {
	c := r.conn
	c.endDrop()
	h := Hijacked{Socket: c.nc, Stream: c.rw}
	if c.inPos < c.inEnd {
		h.Input = c.in.B[c.inPos:c.inEnd]
		c.inPos = c.inEnd
	}
	return h
}

// ReadBodyReady takes what has arrived of the request body, as far as it fits
// client_body_buffer_size, without waiting. With BodyDone it is all in
// Body.Mem as after ReadBody; otherwise BodyNext and BodyReady give what
// follows Body.Mem.
func (r *Request) ReadBodyReady() Result {
	b := &r.Body
	if r.parent != nil || b.read || b.discarded || b.started || r.In.ContentLength < 0 && !r.In.Chunked {
		return OK
	}
	if err := r.TestExpect(); err != nil {
		r.broken(err)
		return Error
	}
	if !r.startBody() {
		b.Mem, b.read = emptyBody, true
		return OK
	}
	size := max(r.loc.Core.bodyBufferSize, 1)
	if n := r.In.ContentLength; n > 0 {
		size = min(size, n)
	}
	b.store = buf.Sized(int(size))
	n, err := r.BodyReady(b.store.B)
	if err != nil {
		return r.BodyFailed(err)
	}
	b.Mem = b.store.B[:n]
	b.read, b.streams = b.done, !b.done
	return OK
}
