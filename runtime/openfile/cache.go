package openfile

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"syscall"
)

// DefaultContentBytes is what a Cache of NewCache(0) holds at most.
const DefaultContentBytes = 64 << 20

const shards = 16

// Cache keeps the contents of small files; see the package comment. One Cache
// serves the process over all reloads. It is safe for concurrent use.
type Cache struct {
	seed   maphash.Seed
	shards [shards]shard
}

// NewCache makes a cache of at most maxBytes of contents and bookkeeping; 0 means
// DefaultContentBytes, a negative number keeps nothing.
func NewCache(maxBytes int64) *Cache {
	if maxBytes == 0 {
		maxBytes = DefaultContentBytes
	}
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		s := &c.shards[i]
		s.max = maxBytes / shards
		s.files = make(map[string]*cached)
	}
	return c
}

// Open finds the file and fills info: 0, or the errno that info.Err carries too.
// path is copied and needs no NUL. The caller calls info.Close when it is done with
// a success; a previous result in info is closed first.
func (c *Cache) Open(path []byte, o *Options, info *Info) syscall.Errno {
	info.Close()
	if len(path) == 0 || !info.setPath(path) {
		return info.fail(syscall.ENOENT, "open()")
	}
	if o.Files != nil {
		return o.Files.open(path, o, info)
	}
	if o.TestOnly {
		e, call := statPath(info.path, o, &info.st)
		if e != 0 {
			return info.fail(e, call)
		}
		info.setStat(&info.st)
		return 0
	}
	if c.shards[0].max <= 0 || o.NoContent || o.Symlinks != SymlinksAllowed {
		return info.openStat(o)
	}
	return c.openContent(path, o, info)
}

// openContent is Open for files whose contents the cache may have or should keep.
func (c *Cache) openContent(path []byte, o *Options, info *Info) syscall.Errno {
	s := &c.shards[maphash.Bytes(c.seed, path)%shards]
	if e := s.get(path); e != nil {
		errno, _ := statPath(info.path, o, &info.st)
		if errno != 0 {
			s.remove(e)
			return info.fail(errno, "open()")
		}
		if same(&info.st, &e.file.st) && !e.file.stale() {
			if !e.used.Load() {
				e.used.Store(true)
			}
			info.take(e.file)
			return 0
		}
		s.remove(e)
	}
	if e := info.openStat(o); e != 0 || !info.own || !cacheable(&info.st) {
		return e
	}
	if b := readAll(info.FD, info.Size); b != nil {
		f := newFile(info, b)
		s.put(path, f)
		info.take(f)
	}
	return 0
}

// Bytes is the memory that cached contents and their bookkeeping take.
func (c *Cache) Bytes() int64 {
	var n int64
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		n += s.bytes
		s.mu.RUnlock()
	}
	return n
}

// shard is a part of the cache under one lock. Eviction is the clock algorithm:
// the hand passes entries that were used since it came by last.
type shard struct {
	mu    sync.RWMutex
	files map[string]*cached
	ring  []*cached
	hand  int
	bytes int64
	max   int64
}

type cached struct {
	file *file
	path string
	slot int // in ring; -1 once removed
	used atomic.Bool
}

// overhead is the approximate cost of an entry beside its contents and path.
const overhead = 512

func (e *cached) cost() int64 { return int64(len(e.file.content)+len(e.path)) + overhead }

func (s *shard) get(path []byte) *cached {
	s.mu.RLock()
	e := s.files[string(path)]
	s.mu.RUnlock()
	return e
}

func (s *shard) put(path []byte, f *file) {
	e := &cached{file: f, path: string(path)}
	if e.cost() > s.max {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.files[e.path]; old != nil {
		s.drop(old)
	}
	for s.bytes+e.cost() > s.max {
		s.evict()
	}
	e.slot = len(s.ring)
	s.ring = append(s.ring, e)
	s.files[e.path] = e
	s.bytes += e.cost()
}

func (s *shard) remove(e *cached) {
	s.mu.Lock()
	if e.slot >= 0 {
		s.drop(e)
	}
	s.mu.Unlock()
}

// evict drops the next entry that was not used since the hand passed it. Something
// is in the ring when it is called.
func (s *shard) evict() {
	for {
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		e := s.ring[s.hand]
		if !e.used.Swap(false) {
			s.drop(e)
			return
		}
		s.hand++
	}
}

func (s *shard) drop(e *cached) {
	last := s.ring[len(s.ring)-1]
	s.ring[e.slot] = last
	last.slot = e.slot
	s.ring[len(s.ring)-1] = nil
	s.ring = s.ring[:len(s.ring)-1]
	e.slot = -1
	delete(s.files, e.path)
	s.bytes -= e.cost()
}
