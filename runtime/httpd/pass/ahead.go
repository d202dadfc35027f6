package pass

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// ahead reads a response ahead of a client that reads slowly, so that the
// connection to the peer is free once the peer has sent everything. It starts when a write to
// the client has to wait: a goroutine reads and decodes into a queue in memory (*_buffers)
// and then a temporary file, the request's goroutine goes on writing. When the client has
// taken all of it, the goroutine ends, and the request's goroutine reads again. The file
// serves all of a response's times.
//
// While the goroutine runs, it alone uses what belongs to the peer (the connection,
// the codec, the state).
//
// Invariant: all bytes in the file come after all bytes in the queue.
type ahead struct {
	x    *Exchange
	most int           // pieces of *_buffers in the queue; the piece that is being written counts, too
	quit chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	changed sync.Cond
	queue   []chunk
	file    *os.File
	name    []byte
	wrote   int64 // bytes of the file that are written
	took    int64 // ... and handed out
	lent    bool  // the request's goroutine may be sending from the file: it is not to be closed
	base    int64 // where in the file they begin
	keeps   bool  // the response is being stored in the cache
	shared  bool  // ... and the file is that of the cache entry
	end     error // why nothing more comes, nil while it may
	stopped bool
	caught  bool // the client has taken all there was: the goroutine is to end
}

// chunk is a piece of the body in memory.
type chunk struct {
	b *buf.Buf
	n int
}

// errCaughtUp says that the client has caught up: the rest is not read yet.
var errCaughtUp = errors.New("nothing is read ahead any more")

// startAhead is called on the request's goroutine when the client blocks.
func (p *pump) startAhead() {
	x := p.x
	if x.wake == nil {
		x.wake = make(chan struct{}, 1)
	}
	most := x.S.Buffers.Num
	if p.buf != nil {
		most = max(most-len(p.mem)/int(x.S.Buffers.Size), 2)
	}
	a := p.spool
	if a == nil {
		a = &ahead{x: x}
		a.changed.L = &a.mu
		p.spool = a
	}
	a.most, a.quit, a.end, a.caught = most, make(chan struct{}), nil, false
	p.ahead = a
	a.share()
	x.R.Action("reading upstream")
	go a.run()
}

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
			if !a.leave(err) {
				a.ended(a.readFailed(err))
			}
			return
		}
		x.body.count(n)
		size, st := a.decode(b, n)
		ok := a.store(b, size) || a.push(b, size)
		if st == BodyDone {
			a.x.endFill()
		}
		switch {
		case !ok:
			a.finish(errAborted)
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
		case a.leave(nil):
			return
		}
	}
}

// read reads a piece of *_buffers for the queue. What goes to the file is read
// in larger pieces.
func (a *ahead) read() (b *buf.Buf, n int, err error) {
	x := a.x
	if x.body.rate == 0 && a.spills() {
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

// spills reports whether the next piece goes to the file.
func (a *ahead) spills() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.shared || (a.took < a.wrote || len(a.queue) >= a.most) && a.wrote < a.x.S.spool
}

// readFailed judges an error of read.
func (a *ahead) readFailed(err error) error {
	if a.isStopped() {
		return errAborted
	}
	return a.x.body.readFailed(err)
}

// leave ends the goroutine's use of the peer where the client has caught up. err is the
// error of the last read, nil for none: one for another reason is not to be lost.
func (a *ahead) leave(err error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.caught || a.stopped || err != nil && !isTimeout(err) {
		return false
	}
	a.end = errCaughtUp
	a.changed.Broadcast()
	return true
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

// push hands n bytes of b to the client's side. False: that takes no more.
func (a *ahead) push(b *buf.Buf, n int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.x
	for {
		switch {
		case a.stopped:
			b.Free()
			return false
		case n == 0:
			b.Free()
			return true
		case a.shared && (a.took < a.wrote || a.lent): // the entry was given up; the client gets the rest of it first
		case a.shared:
			a.unshare()
			continue
		case a.took == a.wrote && (len(a.queue) < a.most && n <= int(x.S.Buffers.Size) || a.caught && len(a.queue) == 0):
			a.enqueue(b, n)
			a.changed.Broadcast()
			return true
		case a.wrote < x.S.spool:
			ok := a.spill(b.B[:n])
			b.Free()
			a.changed.Broadcast()
			return ok
		}
		a.changed.Wait()
	}
}

// enqueue adds bytes to the last buffer of the queue, if they fit.
func (a *ahead) enqueue(b *buf.Buf, n int) {
	if k := len(a.queue) - 1; k >= 0 {
		if t := &a.queue[k]; t.n+n <= len(t.b.B) {
			t.n += copy(t.b.B[t.n:], b.B[:n])
			b.Free()
			return
		}
	}
	a.queue = append(a.queue, chunk{b, n})
}

// spill appends to the temporary file.
func (a *ahead) spill(p []byte) bool {
	r := a.x.R
	if a.file == nil {
		f, err := a.x.S.Temp.Create(r)
		if err != nil {
			return false
		}
		r.Logf(errlog.Warn, nil, "an upstream response is buffered to a temporary file %s", f.Name())
		a.file, a.name = f, []byte(f.Name())
		_ = os.Remove(f.Name())
	}
	if _, err := a.file.WriteAt(p, a.wrote); err != nil {
		r.Logf(errlog.Crit, err, `pwrite() "%s" failed`, a.name)
		return false
	}
	a.wrote += int64(len(p))
	return true
}

// ended is finish after a read that has failed.
func (a *ahead) ended(err error) {
	if errors.Is(err, errEnd) {
		a.x.endFill()
	}
	a.finish(err)
}

// finish records why nothing more comes, and ends the use of the peer.
func (a *ahead) finish(why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !errors.Is(why, errEnd) {
		a.x.Keepalive = false
	}
	a.x.done()
	a.end, a.keeps = why, false
	a.changed.Broadcast()
}

func (a *ahead) isStopped() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopped
}

// take returns the next piece: from memory, of the file, or none with the
// reason. The piece before has been sent.
func (a *ahead) take(o *httpd.Out) (b *buf.Buf, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lent { // the piece before is sent
		a.lent = false
		a.changed.Broadcast()
	}
	for {
		*o = httpd.Out{}
		switch {
		case len(a.queue) > 0:
			c := a.queue[0]
			a.queue = a.queue[:copy(a.queue, a.queue[1:])]
			o.Mem, b, o.Recycled = c.b.B[:c.n], c.b, true
		case a.took < a.wrote:
			o.IsFile, o.FD, o.Name = true, int(a.file.Fd()), a.name
			o.Off, o.Len = a.base+a.took, a.wrote-a.took
			a.took, a.lent = a.wrote, true
		case a.end != nil:
			return nil, a.end
		default:
			a.catchUp()
			a.changed.Wait()
			continue
		}
		a.changed.Broadcast()
		return b, nil
	}
}

// catchUp makes the goroutine end, since the client waits for what it reads: now, or
// with the bytes that it has read at this moment. Under TLS an interrupted read may leave a
// part of a record behind, and *_limit_rate counts on the goroutine's sleep: there it goes
// on. The caller holds mu.
func (a *ahead) catchUp() {
	c := a.x.conn
	if a.caught || c == nil || c.TLS() != nil || a.x.body.rate > 0 {
		return
	}
	a.caught = true
	_ = c.Net.SetReadDeadline(time.Unix(1, 0))
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
				_ = x.conn.Net.SetReadDeadline(time.Time{})
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
	a.mu.Lock()
	a.stopped = true
	if c := a.x.conn; c != nil {
		_ = c.Net.SetReadDeadline(time.Unix(1, 0))
	}
	a.changed.Broadcast()
	a.mu.Unlock()
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

// free gives back what the queue and the file hold.
func (a *ahead) free() {
	for _, c := range a.queue {
		c.b.Free()
	}
	a.queue = nil
	if a.file != nil {
		_ = a.file.Close()
		a.file, a.shared = nil, false
	}
}
