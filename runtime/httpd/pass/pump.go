package pass

import (
	"errors"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// pump is a response body on its way from the peer to the client.
type pump struct {
	x       *Exchange
	in      []byte   // bytes read and not decoded yet
	buf     *buf.Buf // which they are in, unless it is the header's
	length  int64    // bytes of the body read so far
	rate    int64    // *_limit_rate, 0: none
	from    int64    // clock.Mono, when the rate began to count
	piece   httpd.Out
	ahead   *ahead // reads on while the client is slow
	blocked func() // startAhead, bound once
	store   storing
}

// readSize is how much of a body is read at once.
const readSize = 32 << 10

// The ends of reading a body other than its completion.
var (
	errBroken = errors.New("broken response") // the reason is logged
	errEnd    = errors.New("end of response") // the peer closed where that ends the body
)

// pump passes the body to the client.
func (x *Exchange) pump() httpd.Result {
	p := &x.body
	p.begin(x)
	if err := p.store.begin(x); err != nil {
		return x.finish(httpd.Error)
	}
	if x.Length == 0 && len(p.in) == 0 {
		return x.last(nil)
	}
	var held []byte // decoded, and not passed on: the end may be next to it
	for {
		if len(p.in) == 0 {
			if err := p.pass(held, false); err != nil {
				return x.failed(err)
			}
			held = nil
			if p.ahead != nil {
				return p.ahead.drain()
			}
			if err := p.read(x.watch); err != nil {
				if errors.Is(err, errEnd) {
					return x.last(nil)
				}
				return x.failed(err)
			}
		}
		data, n, st := x.codec.Body(x, p.in)
		p.in = p.in[n:]
		if len(data) > 0 {
			if err := p.pass(held, false); err != nil {
				return x.failed(err)
			}
			held = data
			if p.ahead != nil {
				if err := p.pass(held, false); err != nil {
					return x.failed(err)
				}
				return p.ahead.drain()
			}
		}
		switch st {
		case BodyDone:
			return x.last(held)
		case BodyBroken:
			_ = p.pass(held, false)
			return x.failed(errBroken)
		}
	}
}

func (p *pump) begin(x *Exchange) {
	p.x = x
	p.in = x.in.B[x.inPos:x.inEnd]
	p.length = int64(len(p.in))
	if !x.Buffering {
		x.R.SetLimitRate(0)
		return
	}
	if x.S.LimitRate != nil {
		p.rate, p.from = sizeOf(x.S.LimitRate.Eval(x.R)), clock.Mono()
	}
	if x.Length < 0 || x.Length > p.length || x.Response.Chunked {
		if p.blocked == nil {
			p.blocked = p.startAhead
		}
		x.R.OnClientBlocked(p.blocked)
	}
}

// pass gives data to the client, with last as the end of the body.
func (p *pump) pass(data []byte, last bool) error {
	if len(data) == 0 && !last {
		return nil
	}
	x := p.x
	if p.ahead == nil {
		x.R.Action("sending to client")
	}
	p.piece = httpd.Out{Mem: data, Last: last, Flush: !x.Buffering}
	return p.emit()
}

// emit sends p.piece, and keeps a copy of it where the response is stored.
func (p *pump) emit() error {
	stored := p.store.write(p.x, &p.piece)
	err := p.x.R.Output(&p.piece)
	if err != nil && stored {
		return nil // the response is completed for the store's sake
	}
	return err
}

// read reads on. What was read before must have been passed on.
func (p *pump) read(watch bool) error {
	x := p.x
	x.R.Action("reading upstream")
	p.free()
	var b *buf.Buf
	var n int
	var err error
	if p.rate > 0 {
		b = buf.Sized(readSize)
		_, n, err = x.wait(nil, b.B[:p.room(len(b.B))], watch)
	} else {
		b, n, err = x.wait(readPool, nil, watch)
	}
	p.buf = b
	if err != nil {
		return p.readFailed(err)
	}
	p.in = b.B[:n]
	p.length += int64(n)
	x.state().Received += int64(n)
	if p.rate > 0 {
		time.Sleep(time.Duration(int64(n) * int64(time.Second) / p.rate))
	}
	return nil
}

var readPool = buf.Class(readSize)

// room waits until the rate has room and returns how much, at most limit.
func (p *pump) room(limit int) int {
	for {
		n := p.rate*((clock.Mono()-p.from)/1e9+1) - p.length
		if n > 0 {
			return int(min(n, int64(limit)))
		}
		time.Sleep(time.Duration(-n*1000/p.rate+1) * time.Millisecond)
	}
}

func (p *pump) free() {
	if p.buf != nil {
		p.buf.Free()
		p.buf = nil
	}
}

// readFailed judges an error of reading the body.
func (p *pump) readFailed(err error) error {
	x := p.x
	text := "recv() failed"
	if x.Buffering {
		text = "readv() failed"
	}
	switch {
	case errors.Is(err, errAborted):
		return err
	case isTimeout(err):
		x.connError(errTimedOut, "upstream timed out")
	case isEOF(err):
		if x.Length == -1 {
			return errEnd
		}
		x.R.Errorf(nil, "upstream prematurely closed connection")
	default:
		x.connError(err, text)
	}
	return errBroken
}

// last sends the end of the body. The peer is free before the client has it
// all.
func (x *Exchange) last(data []byte) httpd.Result {
	x.R.OnClientBlocked(nil)
	x.done()
	x.passTrailers()
	err := x.body.pass(data, true)
	x.body.store.end(x)
	x.body.free()
	if err != nil {
		return httpd.Error
	}
	return httpd.Done
}

// failed ends a response that cannot be completed.
func (x *Exchange) failed(err error) httpd.Result {
	r := x.R
	x.Keepalive = false
	r.OnClientBlocked(nil)
	x.body.stop(x)
	switch {
	case errors.Is(err, errAborted):
		return x.finish(httpd.StatusClientClosed)
	case errors.Is(err, errBroken):
		x.done()
		r.CloseConnection()
		r.Action("sending to client")
		_ = r.Flush()
	}
	return x.finish(httpd.Error)
}

// stop ends what goes on beside the request and frees what the body holds.
func (p *pump) stop(x *Exchange) {
	if p.ahead != nil {
		p.ahead.stop()
		p.ahead = nil
	}
	p.store.drop(x)
	p.free()
	p.in = nil
}

// passTrailers makes the peer's trailers those of the response.
func (x *Exchange) passTrailers() {
	if !x.S.PassTrailers {
		return
	}
	for i := range x.Response.Trailers {
		if f := &x.Response.Trailers[i]; !x.S.hidden.Has(f.ID, f.Name) {
			x.R.Out.Trailers = append(x.R.Out.Trailers, httpd.Header{Name: f.Name, Value: f.Value, ID: h1.FieldID(0)})
		}
	}
}
