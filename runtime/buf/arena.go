package buf

// arenaPage is the size of an arena's ordinary pages, firstPage that of the first one: most
// requests need no more, and many may wait at the same time.
const (
	arenaPage = 4096
	firstPage = 1024
)

// Arena is the memory of a request: pieces handed out one after the other, freed all at
// once. The zero Arena is ready.
type Arena struct {
	free  []byte
	pages []*Buf
}

// Alloc returns n bytes whose capacity ends with them.
func (a *Arena) Alloc(n int) []byte {
	if n > len(a.free) {
		if n > arenaPage/2 {
			b := Sized(n)
			a.pages = append(a.pages, b)
			return b.B[:n:n]
		}
		size := arenaPage
		if len(a.pages) == 0 && n <= firstPage/2 {
			size = firstPage
		}
		b := Sized(size)
		a.pages = append(a.pages, b)
		a.free = b.B[:cap(b.B)]
	}
	p := a.free[:n:n]
	a.free = a.free[n:]
	return p
}

// Reset frees all pieces.
func (a *Arena) Reset() {
	for i, b := range a.pages {
		b.Free()
		a.pages[i] = nil
	}
	a.pages = a.pages[:0]
	a.free = nil
}
