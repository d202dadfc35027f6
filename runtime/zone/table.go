package zone

import "sync"

// Table is a set of entries by key, in the order in which they were last used.
// The caller of every method but Lock holds the lock.
type Table[T any] struct {
	mu      sync.Mutex
	byKey   map[string]*Entry[T]
	root    Entry[T] // of the ring of entries: next is the youngest
	room    int64    // bytes that are left
	whole   int64    // ... of an empty table
	perItem int      // of an entry without its key
}

// Entry is the state of one key.
type Entry[T any] struct {
	Value T

	key        string
	cost       int64
	prev, next *Entry[T]
}

// The parts of a zone that nginx's allocator needs for itself.
const (
	page     = 4096
	pageHead = 24
	reserved = 2*page + 512
	minSlot  = 8
)

// New returns an empty table for a zone of size bytes whose entries take
// perItem bytes each, besides the key.
func New[T any](size int64, perItem int) *Table[T] {
	t := &Table[T]{byKey: map[string]*Entry[T]{}, perItem: perItem}
	t.room, t.whole = Room(size), Room(size)
	t.root.prev, t.root.next = &t.root, &t.root
	return t
}

// Lock makes the table the caller's until Unlock.
func (t *Table[T]) Lock() { t.mu.Lock() }

// Unlock ends what Lock began.
func (t *Table[T]) Unlock() { t.mu.Unlock() }

// Len returns the number of entries.
func (t *Table[T]) Len() int { return len(t.byKey) }

// Find returns the entry of a key and makes it the youngest, nil without one.
func (t *Table[T]) Find(key []byte) *Entry[T] {
	e := t.byKey[string(key)]
	if e != nil && t.root.next != e {
		t.unlink(e)
		t.link(e)
	}
	return e
}

// Peek is Find without making the entry the youngest.
func (t *Table[T]) Peek(key []byte) *Entry[T] { return t.byKey[string(key)] }

// Add makes an entry for a key that has none, nil when there is no room.
func (t *Table[T]) Add(key []byte) *Entry[T] {
	cost := Slot(t.perItem + len(key))
	if cost > t.room {
		return nil
	}
	t.room -= cost
	e := &Entry[T]{key: string(key), cost: cost}
	t.byKey[e.key] = e
	t.link(e)
	return e
}

// Oldest returns the entry that was not used for the longest time, nil in an
// empty table.
func (t *Table[T]) Oldest() *Entry[T] {
	if e := t.root.prev; e != &t.root {
		return e
	}
	return nil
}

// Remove takes an entry out.
func (t *Table[T]) Remove(e *Entry[T]) {
	t.unlink(e)
	delete(t.byKey, e.key)
	t.room += e.cost
}

func (t *Table[T]) link(e *Entry[T]) {
	e.prev, e.next = &t.root, t.root.next
	e.prev.next, e.next.prev = e, e
}

func (t *Table[T]) unlink(e *Entry[T]) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}

// Room is how many bytes of slots a zone of size bytes has.
func Room(size int64) int64 { return max(size-reserved, 0) / (page + pageHead) * page }

// Slot is what n bytes cost in a zone: a power of two, or whole pages.
func Slot(n int) int64 {
	size := int64(minSlot)
	for size < int64(n) && size < page {
		size *= 2
	}
	if size >= page {
		size = (int64(n) + page - 1) / page * page
	}
	return size
}
