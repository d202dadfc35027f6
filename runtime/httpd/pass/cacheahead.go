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
	c := &a.x.cached
	a.keeps = c.filling
	if a.shared && !c.filling {
		a.unshare()
	}
	if !c.filling {
		return
	}
	from, body := c.fill.File()
	if from == nil {
		return
	}
	if !a.shared {
		f, err := os.Open(from.Name())
		if err != nil {
			return // a temporary file serves as well
		}
		a.free()
		a.file, a.name, a.shared = f, []byte(from.Name()), true
	}
	a.base, a.wrote, a.took = body+c.fill.Size(), 0, 0
}

// store writes n bytes of b to the entry, and hands them to the client's side where that
// reads from its file: then it is true, and b is freed. It runs on the goroutine of run.
func (a *ahead) store(b *buf.Buf, n int) bool {
	c := &a.x.cached
	if !c.filling {
		return false
	}
	a.x.tee(b.B[:n])
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keeps = c.filling
	if !a.shared || !c.filling || a.stopped {
		return false
	}
	b.Free()
	a.wrote += int64(n)
	a.changed.Broadcast()
	return true
}

// unshare turns from the file of an entry that was given up, and of which the client was
// sent all, to a queue and a file of the response's own. a.mu is locked, or no goroutine runs.
func (a *ahead) unshare() {
	_ = a.file.Close()
	a.file, a.name, a.shared = nil, nil, false
	a.took, a.wrote, a.base = 0, 0, 0
}

// keeping reports whether the response is read to its end for the sake of the cache, also
// when the client has left.
func (p *pump) keeping() bool {
	a := p.ahead
	if a == nil {
		return p.x.cached.filling
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keeps
}
