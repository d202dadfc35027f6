package pass

import (
	"os"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// A response that is stored in the cache is read ahead of a slow client without a file of
// its own: the client gets it from the file of the entry, whose size no *_max_temp_file_size
// bounds, as in nginx.

// share is called before the goroutine starts, when the client has taken all that was read.
// Where the response is being stored it makes the entry's file, if there is one already, the
// one that is read from. It is opened anew, because the entry closes its own descriptor when
// it is complete.
func (a *ahead) share() {
	c, s := &a.x.cached, &a.spool
	a.keeps.Store(c.filling)
	if s.Shared() && !c.filling {
		s.Unshare()
	}
	if !c.filling {
		return
	}
	from, body := c.fill.File()
	if from == nil {
		return
	}
	begin := body + c.fill.Size()
	if s.Shared() {
		s.ShareFrom(begin)
		return
	}
	f, err := os.Open(from.Name())
	if err != nil {
		return // a temporary file serves as well
	}
	a.name = []byte(from.Name())
	s.Share(f, begin)
}

// store writes n bytes of b to the entry, and hands them to the client's side where that
// reads from its file: then it is true, and b is freed. It runs on the goroutine of run.
func (a *ahead) store(b *buf.Buf, n int) bool {
	c := &a.x.cached
	if !c.filling {
		return false
	}
	a.x.tee(b.B[:n])
	a.keeps.Store(c.filling)
	if !a.spool.Shared() || !c.filling || !a.spool.Grew(n) {
		return false
	}
	b.Free()
	return true
}

// keeping reports whether the response is read to its end for the sake of the cache, also
// when the client has left.
func (p *pump) keeping() bool {
	if a := p.ahead; a != nil {
		return a.keeps.Load()
	}
	return p.x.cached.filling
}
