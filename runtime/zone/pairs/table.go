package pairs

import (
	"hash/maphash"
	"sync/atomic"
)

// table finds records by a hash. It is a hash table with a list for each bucket.
// Readers take no lock: they follow pointers that are stored atomically, and a
// record that is taken out keeps its place in front of what follows it. Writers
// hold the lock of the store.
type table struct {
	head atomic.Pointer[buckets]
	n    int // records
}

// buckets are the lists, a power of two of them. They are replaced as a whole
// when the table grows; a reader that has the old ones finds what was there when
// it began.
type buckets struct {
	lists []atomic.Pointer[node]
}

// node is a record's place in a list.
type node struct {
	hash uint64
	rec  *record
	next atomic.Pointer[node]
}

// firstBuckets is how many lists a table begins with.
const firstBuckets = 8

func newBuckets(n int) *buckets { return &buckets{make([]atomic.Pointer[node], n)} }

// list is where the list of a hash begins.
func (b *buckets) list(hash uint64) *atomic.Pointer[node] {
	return &b.lists[hash&uint64(len(b.lists)-1)]
}

// text returns the record of a key, nil without one.
func (t *table) text(hash uint64, key []byte) *record {
	b := t.head.Load()
	if b == nil {
		return nil
	}
	for n := b.list(hash).Load(); n != nil; n = n.next.Load() {
		if n.hash == hash && n.rec.key == string(key) {
			return n.rec
		}
	}
	return nil
}

// long returns a record of a hash whose key is so long, nil without one. Who asks
// compares the key.
func (t *table) long(hash uint64, length int) *record {
	b := t.head.Load()
	if b == nil {
		return nil
	}
	for n := b.list(hash).Load(); n != nil; n = n.next.Load() {
		if n.hash == hash && len(n.rec.key) == length {
			return n.rec
		}
	}
	return nil
}

// insert adds a record in front of those with the same hash.
func (t *table) insert(hash uint64, r *record) {
	b := t.head.Load()
	if b == nil || t.n >= len(b.lists) {
		b = t.grow(b)
	}
	b.push(hash, r)
	t.n++
}

func (b *buckets) push(hash uint64, r *record) {
	n, list := &node{hash: hash, rec: r}, b.list(hash)
	n.next.Store(list.Load())
	list.Store(n)
}

// grow doubles the lists. The nodes are made anew, since readers may be on the
// old ones.
func (t *table) grow(old *buckets) *buckets {
	if old == nil {
		b := newBuckets(firstBuckets)
		t.head.Store(b)
		return b
	}
	b := newBuckets(2 * len(old.lists))
	for i := range old.lists {
		// The oldest first, so that the order of records with the same hash stays.
		var chain []*node
		for n := old.lists[i].Load(); n != nil; n = n.next.Load() {
			chain = append(chain, n)
		}
		for j := len(chain) - 1; j >= 0; j-- {
			b.push(chain[j].hash, chain[j].rec)
		}
	}
	t.head.Store(b)
	return b
}

// remove takes a record out.
func (t *table) remove(hash uint64, r *record) {
	at := t.head.Load().list(hash)
	for n := at.Load(); n != nil; n = at.Load() {
		if n.rec == r {
			at.Store(n.next.Load())
			t.n--
			return
		}
		at = &n.next
	}
}

// clear takes all records out and gives the memory of the lists back.
func (t *table) clear() {
	t.head.Store(nil)
	t.n = 0
}

// hasher computes hashes that clients cannot predict.
type hasher struct{ seed maphash.Seed }

func (h hasher) text(key []byte) uint64 { return maphash.Bytes(h.seed, key) }
