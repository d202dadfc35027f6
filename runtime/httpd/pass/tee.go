package pass

import (
	"os"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// A response that is kept, in the cache or as a file of *_store, is written where it is
// decoded: on the goroutine that reads from the peer. Where that reads ahead of a slow client
// no file is made besides: the client gets the response from the file that it is kept in,
// whose size no *_max_temp_file_size bounds, as in nginx.

// teeing reports whether the response is being kept. Only the goroutine that reads from the
// peer may ask.
func (x *Exchange) teeing() bool { return x.cached.filling || x.body.store.on() }

// tee writes a piece of the body of a response that is being kept.
func (x *Exchange) tee(data []byte) {
	c := &x.cached
	if !c.filling {
		x.body.store.write(x, data)
		return
	}
	if _, err := c.fill.Write(data); err != nil { // logged
		c.filling = false
		c.fill.Abort()
		c.ref.Release()
	}
}

// endTee puts what was kept into its place: the body was read to its end. So it is there before
// the client has the last bytes, and its next request finds it.
func (x *Exchange) endTee() {
	x.endFill()
	x.body.store.end(x)
}

// teeFile is the file that the response is being kept in, nil where there is none yet, and
// where in it the next piece of the body goes.
func (x *Exchange) teeFile() (f *os.File, end int64) {
	if c := &x.cached; c.filling {
		f, body := c.fill.File()
		return f, body + c.fill.Size()
	}
	s := &x.body.store
	return s.file, s.size
}

// share is called before the goroutine starts, when the client has taken all that was read.
// Where the response is being kept it makes that file, if there is one already, the one that
// is read from. It is opened anew, because the other descriptor is closed when the file is
// complete.
func (a *ahead) share() {
	x, s := a.x, &a.spool
	on := x.teeing()
	a.keeps.Store(on)
	if !on {
		if s.Shared() {
			s.Unshare()
		}
		return
	}
	from, end := x.teeFile()
	if from == nil {
		return
	}
	if !x.cached.filling {
		x.body.store.locate(x)
	}
	if s.Shared() {
		s.ShareFrom(end)
		return
	}
	f, err := os.Open(from.Name())
	if err != nil {
		return // a temporary file serves as well
	}
	a.name = []byte(from.Name())
	s.Share(f, end)
}

// tee keeps n bytes of b, and hands them to the client's side where that reads from the
// file: then it is true, and b is freed. It runs on the goroutine of run.
func (a *ahead) tee(b *buf.Buf, n int) bool {
	x := a.x
	if !x.teeing() {
		return false
	}
	x.tee(b.B[:n])
	on := x.teeing()
	a.keeps.Store(on)
	if !a.spool.Shared() || !on || !a.spool.Grew(n) {
		return false
	}
	b.Free()
	return true
}

// keeping reports whether the response is read to its end because it is kept, also when the
// client has left.
func (p *pump) keeping() bool {
	if a := p.ahead; a != nil {
		return a.keeps.Load()
	}
	return p.x.teeing()
}
