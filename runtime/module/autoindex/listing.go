package autoindex

import (
	"bytes"
	"iter"
	"slices"
)

// entry is a name in a directory and what it leads to.
type entry struct {
	name      []byte
	dir, file bool  // neither: something else
	mtime     int64 // Unix seconds
	size      int64
}

// listing has the entries of a directory, without a limit on their number. Each request has its own until its page is sent. So an
// entry takes only 28 bytes and its name, and a growing listing leaves no garbage.
type listing struct {
	blocks []*block
	order  []uint32 // of the entries, numbered from 0
}

// blockLen is how many entries a block has, but for the last one.
const blockLen = 512

// block has some of the entries, and their names behind one another.
type block struct {
	records []record
	names   []byte
}

// record is an entry in a block.
type record struct {
	mtime, size int64
	name        uint32 // where it begins in the block's names
	length      uint16 // of the name; no system has longer ones than 1,023 bytes
	dir, file   bool
}

// add takes a copy of an entry.
func (l *listing) add(e entry) {
	n := len(l.blocks)
	if n == 0 || len(l.blocks[n-1].records) == blockLen {
		b := &block{records: make([]record, 0, blockLen)}
		if n > 0 {
			// Its names take about as much as those before.
			b.names = make([]byte, 0, len(l.blocks[n-1].names)+blockLen)
		}
		l.blocks = append(l.blocks, b)
		n++
	}
	b := l.blocks[n-1]
	b.records = append(b.records, record{
		mtime: e.mtime, size: e.size, dir: e.dir, file: e.file,
		name: uint32(len(b.names)), length: uint16(len(e.name)), //nolint:gosec // bounded
	})
	b.names = append(b.names, e.name...)
}

// entry returns the n-th that was added. Its name belongs to the listing.
func (l *listing) entry(n uint32) entry {
	b := l.blocks[n/blockLen]
	r := &b.records[n%blockLen]
	return entry{
		name: b.names[r.name:][:r.length], dir: r.dir, file: r.file, mtime: r.mtime, size: r.size,
	}
}

// sort puts the entries into the order of the page: directories first, then by name.
func (l *listing) sort() {
	if n := len(l.blocks); n > 0 {
		l.order = make([]uint32, (n-1)*blockLen+len(l.blocks[n-1].records))
	}
	for i := range l.order {
		l.order[i] = uint32(i) //nolint:gosec // no directory has more
	}
	slices.SortFunc(l.order, func(i, j uint32) int {
		a, b := l.entry(i), l.entry(j)
		if a.dir != b.dir {
			if a.dir {
				return -1
			}
			return 1
		}
		return bytes.Compare(a.name, b.name)
	})
}

// sorted are the entries in the order of the page.
func (l *listing) sorted() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for _, n := range l.order {
			if !yield(l.entry(n)) {
				return
			}
		}
	}
}
