package pass

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/spool"
)

// ahead reads a response ahead of a client that reads slowly, so that the
// connection to the peer is free once the peer has sent everything. It starts when a write to
// the client has to wait: a goroutine reads and decodes into a spool, *_buffers
// and then a temporary file, the request's goroutine goes on writing. When the client has
// taken all of it, the goroutine ends, and the request's goroutine reads again. The file
// serves all of a response's times.
//
// While the goroutine runs, it alone uses what belongs to the peer (the connection,
// the codec, the state).
type ahead struct {
	x     *Exchange
	spool spool.Spool
	name  []byte        // of the spool's file
	keeps atomic.Bool   // the response is being kept
	quit  chan struct{} // closed when the goroutine has ended

	peer        sync.Mutex
	released    bool // the goroutine does not use the peer any more: it is not to be interrupted
	interrupted bool // the connection to the peer has a deadline that is over
}

// errSpool says that what was read could not be kept in the temporary file, which is logged.
var errSpool = errors.New("the response cannot be buffered")

// errCaughtUp says that the client has caught up: the rest is not read yet.
var errCaughtUp = errors.New("nothing is read ahead any more")

// startAhead is called on the request's goroutine when the client blocks.
func (p *pump) startAhead() {
	x := p.x
	if x.wake == nil {
		x.wake = make(chan struct{}, 1)
	}
	// The piece that is being written counts, too.
	most := x.S.Buffers.Num
	if p.buf != nil {
		most = max(most-len(p.mem)/int(x.S.Buffers.Size), 2)
	}
	a := p.lastAhead
	if a == nil {
		a = newAhead(x)
		p.lastAhead = a
	}
	a.spool.Begin(spool.Limits{Pieces: most, Size: int(x.S.Buffers.Size), File: x.S.maxSpool})
	a.quit, a.released, a.interrupted = make(chan struct{}), false, false
	p.ahead = a
	a.share()
	x.R.Action("reading upstream")
	go a.run()
}

// newAhead returns what reads x ahead, with a spool that is yet to begin.
func newAhead(x *Exchange) *ahead {
	a := &ahead{x: x}
	a.spool.Create, a.spool.Failed, a.spool.Hungry = a.create, a.failed, a.catchUp
	return a
}

// create makes the temporary file.
func (a *ahead) create() (*os.File, error) {
	r := a.x.R
	f, err := a.x.S.Temp.Create(r)
	if err != nil {
		return nil, err
	}
	r.Logf(errlog.Warn, nil, "an upstream response is buffered to a temporary file %s", f.Name())
	a.name = []byte(f.Name())
	_ = os.Remove(f.Name())
	return f, nil
}

// failed logs an error of writing the temporary file.
func (a *ahead) failed(err error) { a.x.R.Logf(errlog.Crit, err, `pwrite() "%s" failed`, a.name) }

// run reads until the body ends, or the client has caught up.
func (a *ahead) run() {
	defer close(a.quit)
	x := a.x
	defer x.R.Caught(func() { a.finish(errBroken) })
	if over := x.body.over; over != nil {
		a.ended(x.body.readFailed(over))
		return
	}
	for {
		x.body.awaitRead()
		b, n, err := a.read()
		if err != nil {
			if !isTimeout(err) || !a.spool.Leave(errCaughtUp) {
				a.ended(a.readFailed(err))
			}
			return
		}
		x.body.count(n)
		size, st := a.decode(b, n)
		ok := a.tee(b, size) || a.spool.Push(b, size)
		if st == BodyDone {
			a.x.endTee()
		}
		switch {
		case !ok:
			a.finish(a.notTaken())
			return
		case st == BodyDone:
			a.finish(errEnd)
			return
		case st == BodyBroken:
			a.finish(errInvalid)
			return
		case st == BodyCut:
			a.finish(errBroken)
			return
		case a.spool.Leave(errCaughtUp):
			return
		}
	}
}

// read reads a piece of *_buffers for memory. What goes to the file is read
// in larger pieces.
func (a *ahead) read() (b *buf.Buf, n int, err error) {
	x := a.x
	if x.body.rate == 0 && a.spool.Spills() {
		return x.wait(readPool, nil)
	}
	b = buf.Sized(int(x.S.Buffers.Size))
	limit := len(b.B)
	if x.body.rate > 0 {
		limit = x.body.allowance(limit)
	}
	if _, n, err = x.wait(nil, b.B[:limit]); err != nil {
		b.Free()
		b = nil
	}
	return b, n, err
}

// readFailed judges an error of read.
func (a *ahead) readFailed(err error) error {
	if a.spool.Stopped() {
		return errAborted
	}
	return a.x.body.readFailed(err)
}

// notTaken is why the spool takes nothing more: it was stopped, or its file has failed.
func (a *ahead) notTaken() error {
	if a.spool.Stopped() {
		return errAborted
	}
	return errSpool
}

// decode turns n raw bytes of b into bytes of the body, in place.
func (a *ahead) decode(b *buf.Buf, n int) (size int, st BodyStatus) {
	in := b.B[:n]
	for len(in) > 0 {
		data, used, st := a.x.codec.Body(a.x, in)
		size += copy(b.B[size:], data)
		in = in[used:]
		if st >= BodyDone {
			return size, st
		}
	}
	return size, BodyMore
}

// ended is finish after a read that has failed.
func (a *ahead) ended(err error) {
	if errors.Is(err, errEnd) {
		a.x.endTee()
	}
	a.finish(err)
}

// finish ends the use of the peer, and then says why nothing more comes. The end of a TLS connection may take a while, in
// which the client goes on to get what there is.
func (a *ahead) finish(why error) {
	a.release()
	if !errors.Is(why, errEnd) {
		a.x.Keepalive = false
	}
	a.x.done()
	a.keeps.Store(false)
	a.spool.End(why)
}

// release makes the connection to the peer free of interruptions. One that came when there was nothing left to wait for is
// taken back: the connection may serve another request, whose waits it would end.
func (a *ahead) release() {
	a.peer.Lock()
	defer a.peer.Unlock()
	a.released = true
	if a.interrupted {
		a.interrupted = false
		_ = a.x.conn.Net.SetReadDeadline(time.Time{})
	}
}

// catchUp makes the goroutine end, since the client waits for what it reads: now, or
// with the bytes that it has read at this moment. Under TLS an interrupted read may leave a
// part of a record behind, and *_limit_rate counts on the goroutine's sleep: there it goes
// on, and so it does where it does not use the peer any more.
func (a *ahead) catchUp() bool {
	a.peer.Lock()
	defer a.peer.Unlock()
	if a.released || a.x.conn.TLS() != nil || a.x.body.rate > 0 {
		return false
	}
	a.stopReading()
	return true
}

// interrupt ends a wait for the peer.
func (a *ahead) interrupt() {
	a.peer.Lock()
	defer a.peer.Unlock()
	if !a.released {
		a.stopReading()
	}
}

// resume has the request's goroutine read from the peer again, unless another one has ended its waits meanwhile: that is
// noted before the connection is interrupted.
func (a *ahead) resume() {
	x := a.x
	_ = x.conn.Net.SetReadDeadline(time.Time{})
	if x.gone.Load() || x.up != nil && x.up.failing.Load() {
		_ = x.conn.Net.SetReadDeadline(time.Unix(1, 0))
	}
}

// stopReading ends the read that is under way, and those that follow. The caller holds peer.
func (a *ahead) stopReading() {
	a.interrupted = true
	_ = a.x.conn.Net.SetReadDeadline(time.Unix(1, 0))
}

// take makes the next piece p.piece. b is to be freed when it was sent, nil for none; why says that there is none, and the
// reason.
func (a *ahead) take(o *httpd.Out) (b *buf.Buf, why error) {
	*o = httpd.Out{}
	var p spool.Piece
	if why := a.spool.Take(&p); why != nil {
		return nil, why
	}
	if p.File != nil {
		o.IsFile, o.FD, o.Name, o.Off, o.Len = true, int(p.File.Fd()), a.name, p.Off, p.Len
		return nil, nil
	}
	o.Mem, o.Recycled = p.Mem, true
	return p.Buf, nil
}

// drain passes on what is read ahead, to the end of the response. more says that the
// client has caught up, and the response goes on.
func (a *ahead) drain() (rc httpd.Result, more bool) {
	x := a.x
	p := &x.body
	for {
		b, why := a.take(&p.piece)
		if why != nil {
			<-a.quit
			switch {
			case errors.Is(why, errCaughtUp):
				a.resume()
				p.ahead = nil
				x.R.OnClientBlocked(p.blocked)
				return httpd.OK, true
			case errors.Is(why, errEnd):
				rc := x.last(nil)
				p.stop(x)
				return rc, false
			}
			return x.failed(why), false
		}
		err := p.emit()
		if b != nil {
			b.Free()
		}
		if err != nil {
			return x.failed(err), false
		}
	}
}

// stop ends the goroutine and waits for it.
func (a *ahead) stop() {
	a.spool.Stop(a.interrupt)
	select {
	case a.x.wake <- struct{}{}: // it may wait as the rate asks
	default:
	}
	<-a.quit
	select {
	case <-a.x.wake:
	default:
	}
}
