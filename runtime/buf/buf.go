package buf

import (
	"math/bits"
	"sync"
)

// Buf is a buffer of a pool. Its owner may reslice B at will: Free restores
// the full length.
type Buf struct {
	_ noCopy
	// B is the storage, at its full length when it comes out of a pool.
	B []byte

	full []byte // the storage as it was made, whatever the owner did to B
	home *Pool  // nil: not pooled
	idle bool   // lies in the pool
}

// Free gives the buffer back. A second Free of the same loan panics: it would
// hand one buffer to two connections.
func (b *Buf) Free() {
	if b.idle {
		panic("buf: Free of a buffer that is not on loan")
	}
	b.idle = true
	if b.home == nil {
		b.B, b.full = nil, nil
		return
	}
	b.home.free.Put(b)
}

// Cap is the size of the whole storage in bytes.
func (b *Buf) Cap() int { return len(b.full) }

// Pool has buffers of one size. It is safe for use by many goroutines.
type Pool struct {
	_    noCopy
	size int
	free sync.Pool
}

// NewPool makes a pool of buffers of size bytes; a size below 1 counts as 1.
func NewPool(size int) *Pool { return &Pool{size: max(size, 1)} }

// Size is the length of the pool's buffers in bytes.
func (p *Pool) Size() int { return p.size }

// Get returns a buffer; it allocates only when none is free.
func (p *Pool) Get() *Buf {
	if b, ok := p.free.Get().(*Buf); ok {
		b.idle = false
		b.B = b.full
		return b
	}
	full := make([]byte, p.size)
	return &Buf{B: full, full: full, home: p}
}

const (
	minShift = 9  // 512 bytes
	maxShift = 16 // 64 KB
)

// classes are the shared pools behind Sized, one per power of two.
var classes = func() (c [maxShift - minShift + 1]*Pool) {
	for i := range c {
		c[i] = NewPool(1 << (minShift + i))
	}
	return c
}()

// Class is the shared pool whose buffers hold at least n bytes, or nil when n
// is above 64 KB.
func Class(n int) *Pool {
	if n <= 1<<minShift {
		return classes[0]
	}
	if n > 1<<maxShift {
		return nil
	}
	return classes[bits.Len(uint(n-1))-minShift]
}

// Sized returns a buffer of at least n bytes from the shared size classes: powers
// of two from 512 bytes to 64 KB. Above that it has exactly n bytes and is not
// pooled; Free then only drops it.
func Sized(n int) *Buf {
	if p := Class(n); p != nil {
		return p.Get()
	}
	full := make([]byte, n)
	return &Buf{B: full, full: full}
}

// noCopy lets go vet find copies of a type that must not be copied.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
