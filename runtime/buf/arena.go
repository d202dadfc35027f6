package buf

// arenaPage is the size of an arena's ordinary pages, firstPage that of the first one: most
// requests need no more, and many may wait at the same time.
const (
	arenaPage = 4096
	firstPage = 1024
)

// Arena is the memory of a request: pieces handed out one after the other, freed all at
// once. It keeps its first page, once it has had one. The zero Arena is ready.
type Arena struct {
	free  []byte
	first *Buf   // of firstPage bytes
	more  []*Buf // the pages after it, and pieces that are too large for one
}

// Alloc returns n bytes whose capacity ends with them.
func (a *Arena) Alloc(n int) []byte {
	if n > len(a.free) {
		return a.grow(n)
	}
	p := a.free[:n:n]
	a.free = a.free[n:]
	return p
}

// grow is Alloc where the page in use has no room.
func (a *Arena) grow(n int) []byte {
	if n > arenaPage/2 {
		b := Sized(n)
		a.more = append(a.more, b)
		return b.B[:n:n]
	}
	var b *Buf
	if a.first == nil && n <= firstPage/2 {
		b = Sized(firstPage)
		a.first = b
	} else {
		b = Sized(arenaPage)
		a.more = append(a.more, b)
	}
	a.free = b.B[n:]
	return b.B[:n:n]
}

// Reset frees all pieces.
func (a *Arena) Reset() {
	for i, b := range a.more {
		b.Free()
		a.more[i] = nil
	}
	a.more, a.free = a.more[:0], nil
	if a.first != nil {
		a.free = a.first.B
	}
}
