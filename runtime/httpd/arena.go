package httpd

import "github.com/sluiceproxy/sluice/runtime/buf"

// arenaPage is the size of an arena's ordinary pieces.
const arenaPage = 4096

// arena is a request's memory: pieces handed out one after the other, freed
// all at once.
type arena struct {
	free  []byte
	pages []*buf.Buf
}

// alloc returns n bytes whose capacity ends with them.
func (a *arena) alloc(n int) []byte {
	if n > len(a.free) {
		if n > arenaPage/2 {
			b := buf.Sized(n)
			a.pages = append(a.pages, b)
			return b.B[:n:n]
		}
		b := buf.Sized(arenaPage)
		a.pages = append(a.pages, b)
		a.free = b.B[:cap(b.B)]
	}
	p := a.free[:n:n]
	a.free = a.free[n:]
	return p
}

func (a *arena) reset() {
	for i, b := range a.pages {
		b.Free()
		a.pages[i] = nil
	}
	a.pages = a.pages[:0]
	a.free = nil
}
