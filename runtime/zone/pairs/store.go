package pairs

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

// Options are what a directive says about a store.
type Options struct {
	Name    string // of the zone
	Size    int64  // bytes, as zone counts them
	Type    Type
	Timeout time.Duration // 0: pairs stay until they are removed
	State   string        // path of the state file; "": none
	Log     *errlog.Logger
}

// Store is the pairs of one zone. It outlives configurations. Safe for concurrent
// use.
type Store struct {
	hash hasher
	// What look-ups read.
	texts    table // by key
	networks table // by network, of type IP
	lengths  atomic.Pointer[lengths]
	typ      atomic.Uint32

	mu     sync.Mutex // for all that changes
	opt    Options
	begun  bool
	room   int64 // bytes left; below 0 after a change to a smaller zone
	expiry heap  // of records that expire
	sweep  *time.Timer
	file   stateFile
	closed bool
	paused bool // see Pause
}

// record is a pair.
type record struct {
	key   string
	value atomic.Pointer[value] // replaced as a whole
	network
	cost  int64
	place int // in Store.expiry, -1: not there
}

// value is what a key has. Immutable.
type value struct {
	text    []byte
	expires int64 // clock.Mono; 0: never
}

// Pair is a key with its value, in a list.
type Pair struct {
	Key, Value string
	Expire     time.Duration // until it is removed; 0: it stays
}

// recordSize is what a pair costs besides its key and value, networkSize what an
// index by network adds.
const (
	recordSize  = 96
	networkSize = 64
)

// Error is why a change is refused.
type Error string

func (e Error) Error() string { return string(e) }

// The errors.
const (
	ErrExists    Error = "key already exists"
	ErrNotFound  Error = "key not found"
	ErrFull      Error = "no room in the zone"
	ErrNoTimeout Error = "the zone has no timeout"
	ErrText      Error = "not UTF-8"
	ErrKey       Error = "neither an address nor a network"
)

// NewStore returns an empty store, which can be searched and not changed before
// Begin.
func NewStore() *Store {
	s := &Store{hash: hasher{maphash.MakeSeed()}}
	s.lengths.Store(&lengths{})
	s.file.store = s
	return s
}

// Begin gives the store the options of the configuration that is about to serve.
// The first time it reads the state file.
func (s *Store) Begin(o Options) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.opt
	s.opt = o
	s.room += zone.Room(o.Size) - zone.Room(before.Size)
	if before.Type != o.Type {
		s.retype(before.Type)
	}
	if !s.begun {
		if err := s.load(); err != nil {
			s.reset()
			s.opt, s.room = before, 0
			return err
		}
		s.begun = true
	} else if before.State != o.State {
		s.file.changed()
	}
	return nil
}

// retype makes the index of another type.
func (s *Store) retype(before Type) {
	wanted := s.opt.Type
	all := s.records()
	s.opt.Type = before
	for _, r := range all {
		s.index(r, -1)
	}
	s.opt.Type = wanted
	for _, r := range all {
		if wanted == IP && !r.net.IsValid() {
			r.net = parseNetwork([]byte(r.key))
		}
		s.index(r, 1)
	}
	s.typ.Store(uint32(wanted))
}

// Get returns the value for a key, by the type of the store. The bytes must not
// be changed.
func (s *Store) Get(key []byte) ([]byte, bool) {
	var r *record
	switch Type(s.typ.Load()) {
	case String:
		r = s.texts.text(s.hash.text(key), key)
	case IP:
		r = s.byNetwork(key, s.lengths.Load())
	case Prefix:
		var h prefixHash
		r = s.byPrefix(key, s.lengths.Load(), &h)
	}
	if r == nil {
		return nil, false
	}
	v := r.value.Load()
	if v.expires != 0 && v.expires <= clock.Mono() {
		return nil, false
	}
	return v.text, true
}

// Find returns the pair of exactly this key.
func (s *Store) Find(key string) (Pair, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purge()
	r := s.find(key)
	if r == nil {
		return Pair{}, false
	}
	return r.pair(clock.Mono()), true
}

// All returns the pairs, in no order.
func (s *Store) All() []Pair {
	s.mu.Lock()
	s.purge()
	all := s.records()
	s.mu.Unlock()
	now := clock.Mono()
	out := make([]Pair, len(all))
	for i, r := range all {
		out[i] = r.pair(now)
	}
	return out
}

// Len returns the number of pairs.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purge()
	return s.texts.n
}

func (r *record) pair(now int64) Pair {
	v := r.value.Load()
	p := Pair{Key: r.key, Value: string(v.text)}
	if v.expires != 0 {
		p.Expire = max(time.Duration(v.expires-now), time.Millisecond)
	}
	return p
}

// records returns all records. The caller holds the lock.
func (s *Store) records() []*record {
	all := make([]*record, 0, s.texts.n)
	if b := s.texts.head.Load(); b != nil {
		for i := range b.lists {
			for n := b.lists[i].Load(); n != nil; n = n.next.Load() {
				all = append(all, n.rec)
			}
		}
	}
	return all
}

func (s *Store) find(key string) *record {
	k := []byte(key)
	return s.texts.text(s.hash.text(k), k)
}

// Add adds a key that is not there. expire is when it is removed, 0: after the
// zone's timeout.
func (s *Store) Add(key, text string, expire time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed(s.add(key, text, expire))
}

// AddAll adds all pairs, or none.
func (s *Store) AddAll(list []Pair) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range list {
		if err := s.add(p.Key, p.Value, p.Expire); err != nil {
			for _, q := range list[:i] {
				if r := s.find(q.Key); r != nil { // it may have expired
					s.remove(r)
				}
			}
			return err
		}
	}
	return s.changed(nil)
}

// Set gives a key a value, whether it is there or not.
func (s *Store) Set(key, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purge()
	if s.find(key) != nil {
		return s.changed(s.change(key, &text, 0))
	}
	return s.changed(s.add(key, text, 0))
}

// Change gives a key that is there another value, where text is not nil, and
// another time until it is removed: expire, else the zone's timeout for a new
// value.
func (s *Store) Change(key string, text *string, expire time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purge()
	return s.changed(s.change(key, text, expire))
}

// Delete removes a key.
func (s *Store) Delete(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purge()
	r := s.find(key)
	if r == nil {
		return ErrNotFound
	}
	s.remove(r)
	return s.changed(nil)
}

// Clear removes all pairs.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
	_ = s.changed(nil)
}

// reset removes all pairs.
func (s *Store) reset() {
	s.texts.clear()
	s.networks.clear()
	s.lengths.Store(&lengths{})
	s.expiry = nil
	s.room = zone.Room(s.opt.Size)
}

// changed lets the state file be written after a change that has succeeded.
func (s *Store) changed(err error) error {
	if err == nil {
		s.file.changed()
	}
	return err
}

// until is when a pair expires that is changed now.
func (s *Store) until(expire time.Duration) (int64, error) {
	switch {
	case s.opt.Timeout == 0 && expire != 0:
		return 0, ErrNoTimeout
	case s.opt.Timeout == 0:
		return 0, nil
	case expire == 0:
		expire = s.opt.Timeout
	}
	return clock.Mono() + int64(expire), nil
}

func (s *Store) cost(key, text string) int64 {
	n := recordSize + len(key) + len(text)
	if s.opt.Type == IP {
		n += networkSize
	}
	return zone.Slot(n)
}

func (s *Store) add(key, text string, expire time.Duration) error {
	s.purge()
	cost := s.cost(key, text)
	until, err := s.until(expire)
	switch {
	case err != nil:
		return err
	case !utf8.ValidString(key) || !utf8.ValidString(text):
		return ErrText
	case !s.opt.Type.fits(key):
		return ErrKey
	case s.find(key) != nil:
		return ErrExists
	case cost > s.room:
		return ErrFull
	}
	r := &record{key: key, cost: cost, place: -1}
	if s.opt.Type == IP {
		r.net = parseNetwork([]byte(key))
	}
	r.value.Store(&value{[]byte(text), until})
	s.room -= cost
	s.texts.insert(s.hash.text([]byte(key)), r)
	s.index(r, 1)
	s.schedule(r)
	return nil
}

func (s *Store) change(key string, text *string, expire time.Duration) error {
	r := s.find(key)
	if r == nil {
		return ErrNotFound
	}
	v := *r.value.Load()
	cost := r.cost
	if text != nil {
		if !utf8.ValidString(*text) {
			return ErrText
		}
		v.text, cost = []byte(*text), s.cost(key, *text)
	}
	if cost-r.cost > s.room {
		return ErrFull
	}
	if text != nil || expire != 0 {
		until, err := s.until(expire)
		if err != nil {
			return err
		}
		v.expires = until
	}
	s.room -= cost - r.cost
	r.cost = cost
	r.value.Store(&v)
	s.schedule(r)
	return nil
}

// remove takes a record out.
func (s *Store) remove(r *record) {
	s.texts.remove(s.hash.text([]byte(r.key)), r)
	s.index(r, -1)
	s.expiry.remove(r)
	s.room += r.cost
}
