package flat

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// index is a hash table of records. A record is the length of its key as a varint, the key, and a tail of a fixed size; all
// of them stand in one slice.
//
// A slot of the hash table has eight bytes: where a record begins, and a part of the key's hash, which tells most other
// keys apart without a look at their records. Collisions go to the next slot. At most two thirds of the slots are in use,
// so that there always is a free one, at which a search ends.
type index struct {
	seed    maphash.Seed
	slots   []uint64 // a power of two of them; 0 is free
	records []byte
	n       int
	tail    int // bytes behind the key of a record
}

const (
	// placeBits is how many bits of a slot are a record's place plus one, the rest are the hash's. Memory is smaller.
	placeBits  = 40
	placeMask  = 1<<placeBits - 1
	firstSlots = 8
)

// Len returns the number of keys.
func (x *index) Len() int { return x.n }

// insert finds a key or begins its record, whose tail the caller appends. at is where the record begins.
func (x *index) insert(text string, tail int) (at uint64, there bool) {
	if x.slots == nil {
		x.seed, x.tail = maphash.MakeSeed(), tail // the seed is for long keys
		x.slots = make([]uint64, firstSlots)
	}
	if 3*(x.n+1) > 2*len(x.slots) {
		x.grow()
	}
	before := len(x.records)
	x.records = binary.AppendUvarint(x.records, uint64(len(text)))
	begin := len(x.records)
	x.records = append(x.records, text...)
	key := x.records[begin:]
	hash := x.hash(key)
	mask := uint64(len(x.slots) - 1)
	i := hash & mask
	for ; x.slots[i] != 0; i = (i + 1) & mask {
		if s := x.slots[i]; (s^hash)>>placeBits == 0 {
			at := s&placeMask - 1
			if k, _ := x.read(at); string(k) == string(key) {
				x.records = x.records[:before]
				return at, true
			}
		}
	}
	at = uint64(before)
	x.slots[i] = hash&^placeMask | (at + 1)
	x.n++
	return at, false
}

// hash is the hash of a key. Most keys are short, and for them it is computed here.
func (x *index) hash(key []byte) uint64 {
	const k1, k2, k3 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93, 0xa0761d6478bd642f
	var a, b uint64
	n := len(key)
	switch {
	case n > 16:
		return maphash.Bytes(x.seed, key)
	case n >= 8:
		a, b = binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[n-8:])
	case n >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(key)), uint64(binary.LittleEndian.Uint32(key[n-4:]))
	case n > 0:
		a, b = uint64(key[0])|uint64(key[n/2])<<8, uint64(key[n-1])
	}
	high, low := bits.Mul64(a^k1, b^k2^uint64(n)<<56)
	high, low = bits.Mul64(high^low, k3)
	return high ^ low
}

// find returns where the tail of a key's record is.
func (x *index) find(key []byte) (tail uint64, ok bool) {
	hash := x.hash(key)
	mask := uint64(len(x.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := x.slots[i]
		if s == 0 {
			return 0, false
		}
		if (s^hash)>>placeBits != 0 {
			continue
		}
		at := s&placeMask - 1
		if b := x.records[at:]; len(key) < 0x80 && len(b) > len(key) { // read, for short keys
			if int(b[0]) == len(key) && string(b[1:1+len(key)]) == string(key) {
				return at + 1 + uint64(len(key)), true
			}
		} else if k, tail := x.read(at); string(k) == string(key) {
			return tail, true
		}
	}
}

// read returns the key of the record at a place, and where its tail is.
func (x *index) read(at uint64) (key []byte, tail uint64) {
	b := x.records[at:]
	size, n := uint64(b[0]), uint64(1)
	if size >= 0x80 {
		var read int
		size, read = binary.Uvarint(b)
		n = uint64(read)
	}
	return b[n : n+size : n+size], at + n + size
}

// grow doubles the slots.
func (x *index) grow() {
	x.slots = make([]uint64, 2*len(x.slots))
	mask := uint64(len(x.slots) - 1)
	for at := uint64(0); at < uint64(len(x.records)); {
		key, tail := x.read(at)
		hash := x.hash(key)
		i := hash & mask
		for x.slots[i] != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = hash&^placeMask | (at + 1)
		at = tail + uint64(x.tail)
	}
}

// clip gives back what the records could grow into.
func (x *index) clip() {
	x.records = append(make([]byte, 0, len(x.records)), x.records...)
}
