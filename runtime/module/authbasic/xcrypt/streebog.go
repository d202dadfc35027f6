package xcrypt

import (
	"encoding/binary"
	"sync"
)

// streebog is the hash of GOST R 34.11-2012 with 256 bits (RFC 6986), as a hash.Hash. Vectors of the specification are here
// eight words, the lowest first; its text counts from the other end.
type streebog struct {
	h, n, sigma streebogBlock
	pending     [streebogSize]byte // the beginning of the next block
	used        int
}

type streebogBlock [8]uint64

const (
	streebogSize = 64
	streebogSum  = 32
)

func newStreebog() *streebog {
	s := new(streebog)
	s.Reset()
	return s
}

func (s *streebog) Size() int      { return streebogSum }
func (s *streebog) BlockSize() int { return streebogSize }

func (s *streebog) Reset() {
	*s = streebog{}
	for i := range s.h {
		s.h[i] = 0x0101010101010101
	}
}

func (s *streebog) Write(b []byte) (int, error) {
	written := len(b)
	for len(b) > 0 {
		n := copy(s.pending[s.used:], b)
		s.used += n
		b = b[n:]
		if s.used == streebogSize {
			s.block(streebogSize)
			s.used = 0
		}
	}
	return written, nil
}

// block takes in the pending block, of which so many bytes are the text's.
func (s *streebog) block(size int) {
	var m streebogBlock
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(s.pending[8*i:])
	}
	s.compress(&s.n, &m)
	s.n.add(&streebogBlock{uint64(8 * size)})
	s.sigma.add(&m)
}

func (s *streebog) Sum(out []byte) []byte {
	last := *s
	clear(last.pending[last.used:])
	last.pending[last.used] = 1
	last.block(last.used)
	last.compress(&streebogBlock{}, &last.n)
	last.compress(&streebogBlock{}, &last.sigma)
	for _, v := range last.h[4:] {
		out = binary.LittleEndian.AppendUint64(out, v)
	}
	return out
}

// add adds modulo 2^512.
func (b *streebogBlock) add(v *streebogBlock) {
	carry := uint64(0)
	for i := range b {
		sum := b[i] + v[i] + carry
		if sum != b[i] {
			carry = 0
			if sum < b[i] {
				carry = 1
			}
		}
		b[i] = sum
	}
}

func (b *streebogBlock) xor(v *streebogBlock) {
	for i := range b {
		b[i] ^= v[i]
	}
}

// compress is the function g of the specification: twelve rounds of a block cipher over m, whose key is h and n.
func (s *streebog) compress(n, m *streebogBlock) {
	tables := streebogTables()
	key := s.h
	key.xor(n)
	key.lps(tables)
	state := *m
	for i := range streebogConstants {
		state.xor(&key)
		state.lps(tables)
		key.xor(&streebogConstants[i])
		key.lps(tables)
	}
	state.xor(&key)
	s.h.xor(&state)
	s.h.xor(m)
}

// lps substitutes the bytes, transposes them and multiplies each word by the matrix.
func (b *streebogBlock) lps(tables *[8][256]uint64) {
	var out streebogBlock
	for i := range out {
		for j, v := range b {
			out[i] ^= tables[j][byte(v>>(8*i))]
		}
	}
	*b = out
}

// streebogTables are the substitution and the matrix in one, for each byte of a word.
var streebogTables = sync.OnceValue(func() *[8][256]uint64 {
	var out [8][256]uint64
	for at := range out {
		for c := range out[at] {
			for bit := range 8 {
				if streebogPi[c]>>bit&1 != 0 {
					out[at][c] ^= streebogMatrix[63-8*at-bit]
				}
			}
		}
	}
	return &out
})
