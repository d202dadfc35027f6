package pass

import (
	"errors"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// pump is a response body on its way from the peer to the client.
//
// mem is the buffer in use: the header's, or that of buf. In it, mem[from:to]
// is decoded and held back, and mem[raw:end] is read and not decoded.
type pump struct {
	x         *Exchange
	mem       []byte
	buf       *buf.Buf
	from, to  int
	raw, end  int
	length    int64         // bytes of the body read so far
	fresh     int64         // ... since some were passed on last
	want      int64         // ... that are worth passing on: the Length there was then
	over      error         // why the peer sends nothing more, once that was seen
	pause     time.Duration // asked for by the rate before the next read
	rate      int64         // *_limit_rate, 0: none
	since     int64         // clock.Mono, when the rate began to count
	piece     httpd.Out
	ahead     *ahead // reads on while the client is slow; nil while it is not
	lastAhead *ahead // what ahead was or is
	blocked   func() // startAhead, bound once
	full      bool   // the last read of an unbuffered response has filled its buffer
	store     storing
}

// readSize is how much of a body is read at once.
const readSize = 32 << 10

// The ends of reading a body other than its completion.
var (
	errBroken  = errors.New("broken response")  // the reason is logged
	errInvalid = errors.New("invalid response") // the same, and what was not sent yet is dropped
	errEnd     = errors.New("end of response")  // the peer closed where that ends the body
)

// pump passes the body to the client. A buffered response moves on in pieces of
// at least one of *_buffers, as in nginx.
func (x *Exchange) pump() httpd.Result {
	p := &x.body
	p.begin(x)
	if err := p.store.begin(x); err != nil {
		return x.finish(httpd.Error)
	}
	x.whole = true
	if p.raw == p.end {
		if x.Length == 0 {
			return x.last(nil)
		}
		if !x.Buffering {
			if err := x.R.Flush(); err != nil { // the header, at once
				return x.failed(err)
			}
		}
	}
	for {
		switch p.decode() {
		case BodyDone:
			return x.last(p.mem[p.from:p.to])
		case BodyBroken:
			return x.failed(errInvalid)
		case BodyCut:
			x.R.OnClientBlocked(nil)
			_ = p.flush() // the response fails in any case
			return x.failed(errBroken)
		}
		x.whole = false
		if !p.holds() {
			if p.readRest() {
				continue
			}
			if err := p.flush(); err != nil {
				return x.failed(err)
			}
			if p.ahead != nil {
				if rc, more := p.ahead.drain(); !more {
					return rc
				}
			}
		}
		if err := p.read(); err != nil {
			if errors.Is(err, errEnd) {
				return x.last(p.mem[p.from:p.to])
			}
			return x.failed(err)
		}
	}
}

// begin takes over what was read behind the response header, of which the body begins.
//
//go:noinline
func (p *pump) begin(x *Exchange) {
	p.x = x
	if x.Buffering { // otherwise what came with the header still belongs to that
		x.R.Action("reading upstream")
	}
	if x.R.Debugging() {
		x.R.Debugf("http proxy filter init s:%d l:%d", x.Response.Status, x.Length)
	}
	p.mem = x.in.B[:min(len(x.in.B), int(x.S.BufferSize))]
	p.raw, p.end = x.inPos, x.inEnd
	p.length = int64(p.end - p.raw)
	p.fresh, p.want = p.length, x.Length
	if !x.Buffering {
		x.R.SetLimitRate(0)
		p.full = false
		if x.up == nil {
			x.dropHead()
		}
		return
	}
	if x.S.LimitRate != nil {
		p.rate, p.since = sizeOf(x.S.LimitRate.Eval(x.R)), clock.Mono()
		p.slow(p.length)
	}
	if x.Length < 0 || x.Length > p.length || x.Response.Chunked {
		if p.blocked == nil {
			p.blocked = p.startAhead
		}
		x.R.OnClientBlocked(p.blocked)
	}
}

// decode decodes all that was read and puts it behind what is held.
func (p *pump) decode() BodyStatus {
	x := p.x
	if p.from == p.to {
		p.from, p.to = p.raw, p.raw
	}
	for p.raw < p.end {
		data, n, st := x.codec.Body(x, p.mem[p.raw:p.end])
		if len(data) > 0 {
			if &data[0] != &p.mem[p.to] {
				copy(p.mem[p.to:], data)
			}
			p.to += len(data)
			if x.teeing() {
				x.tee(p.mem[p.to-len(data) : p.to])
			}
		}
		p.raw += n
		if st >= BodyDone {
			return st
		}
	}
	return BodyMore
}

// holds reports whether what was decoded waits for more to come: for a full
// buffer, or the end of the body or of a chunk.
func (p *pump) holds() bool {
	n := p.to - p.from
	if n == 0 || int64(n) >= p.x.S.Buffers.Size || !p.x.Buffering || p.end == len(p.mem) {
		return false
	}
	return p.want < 0 || p.fresh < p.want
}

// readRest reads on without waiting where the rest of a short response is likely to
// be there already, and leaves with what is held in one write: when the header's
// buffer was filled to its end, and behind a chunk.
//
//go:noinline
func (p *pump) readRest() bool {
	x := p.x
	if !x.Buffering || p.rate > 0 || x.conn.TLS() != nil || p.end == len(p.mem) && p.buf != nil {
		return false
	}
	if p.end == len(p.mem) {
		if p.to-p.from >= readSize { // of a large *_buffer_size: it leaves as it is
			return false
		}
		b := buf.Sized(readSize)
		p.use(b, copy(b.B, p.mem[p.from:p.to]))
	} else if n := p.to - p.from; !x.Response.Chunked || n == 0 || int64(n) >= x.S.Buffers.Size {
		return false
	}
	n, err := x.conn.Net.TryRead(p.mem[p.end:])
	if n == 0 || err != nil {
		// The connection of a client that has left times out: read finds that again.
		if err != nil && !errors.Is(err, netio.ErrAgain) && !isTimeout(err) {
			p.over = err
		}
		return false
	}
	p.raw = p.end
	p.end += n
	p.count(n)
	return true
}

// flush passes on what is held.
func (p *pump) flush() error {
	data := p.mem[p.from:p.to]
	p.from, p.to = 0, 0
	if len(data) > 0 || p.fresh >= p.want {
		p.fresh, p.want = 0, p.x.Length
	}
	return p.pass(data, false)
}

// pass gives data to the client, with last as the end of the body. A buffer that
// nothing more is read into is not to be used again: a filter that keeps its
// output together may hold it back.
func (p *pump) pass(data []byte, last bool) error {
	if len(data) == 0 && !last {
		return nil
	}
	x := p.x
	if p.ahead == nil {
		x.R.Action("sending to client")
	}
	p.piece = httpd.Out{Mem: data, Last: last, Flush: !x.Buffering, Recycled: x.Buffering && !last && p.over == nil && !p.store.spools(x)}
	return p.emit()
}

// emit sends p.piece.
func (p *pump) emit() error {
	err := p.x.R.Output(&p.piece)
	if err != nil && p.keeping() {
		return nil // the response is read to its end for the sake of what it is kept in
	}
	return err
}

// read reads on: behind what is held, or into a new buffer.
func (p *pump) read() error {
	x := p.x
	if err := x.R.SendOverdue(); err != nil {
		return err
	}
	x.R.Action("reading upstream")
	if p.over != nil {
		return p.readFailed(p.over)
	}
	p.awaitRead()
	limit := readSize
	if p.rate > 0 {
		limit = p.allowance(limit)
	}
	var n int
	var err error
	switch {
	case p.from < p.to:
		p.shrink()
		_, n, err = x.wait(nil, p.mem[p.end:min(len(p.mem), p.end+limit)])
	case p.rate > 0:
		p.use(buf.Sized(readSize), 0)
		_, n, err = x.wait(nil, p.mem[:limit])
	default:
		p.drop()
		var b *buf.Buf
		pool := readPool
		if !x.Buffering {
			pool = x.nextPool(p.full, x.R.Client().Socket)
		}
		if b, n, err = x.wait(pool, nil); b != nil {
			p.use(b, 0)
			p.full = n == len(b.B)
		}
	}
	if err != nil {
		return p.readFailed(err)
	}
	p.raw = p.end
	p.end += n
	p.count(n)
	return nil
}

// use makes b the buffer, with n bytes in it.
func (p *pump) use(b *buf.Buf, n int) {
	p.free()
	p.buf, p.mem = b, b.B
	p.from, p.to, p.end = 0, n, n
}

// drop gives back the buffer, in which nothing is left, before a wait for more.
func (p *pump) drop() {
	p.free()
	if x := p.x; !x.Buffering && x.in != nil {
		x.in.Free() // ownHeader has copied the header
		x.in = nil
	}
	p.mem, p.from, p.to, p.raw, p.end = nil, 0, 0, 0, 0
}

// shrink moves what is held to a buffer of the size that one of *_buffers has:
// a connection that transfers little should not hold more.
func (p *pump) shrink() {
	size := int(p.x.S.Buffers.Size)
	if p.buf == nil || len(p.mem) <= 2*size {
		return
	}
	b := buf.Sized(2 * size)
	p.use(b, copy(b.B, p.mem[p.from:p.to]))
}

// count notes that n bytes were read.
func (p *pump) count(n int) {
	p.length += int64(n)
	p.fresh += int64(n)
	p.x.state().Received += int64(n)
	p.slow(int64(n))
}

var readPool = buf.Class(readSize)

// reset makes p ready for another exchange.
func (p *pump) reset() {
	p.mem, p.buf, p.ahead = nil, nil, nil
	p.piece = httpd.Out{}
	p.from, p.to, p.raw, p.end = 0, 0, 0, 0
	p.length, p.rate, p.pause, p.over = 0, 0, 0, nil
}

func (p *pump) free() {
	if p.buf != nil {
		p.buf.Free()
		p.buf = nil
	}
}
