package openfile

import (
	"sync"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// FileCache is one open_file_cache directive (max=, inactive=). It belongs to a
// configuration; Close it when another one takes effect. It is safe for concurrent
// use.
type FileCache struct {
	max      int
	inactive int64 // seconds

	mu       sync.Mutex
	entries  map[string]*entry
	head     entry // of the ring by use: head.next is the latest, head.prev the oldest
	contents int64 // bytes of contents that entries hold
	closed   bool
}

// entry is what is known about one path. Everything in it is guarded by the cache's mutex.
type entry struct {
	name       string
	file       *file // holds one reference; nil when an error, or when not used often enough yet
	err        syscall.Errno
	symlinks   Symlinks
	from       int
	created    int64 // last checked, seconds since 1970
	accessed   int64 // time of the last use
	uses       int
	prev, next *entry
}

// NewFileCache makes a cache of at most limit paths, each removed when it was not
// used during inactive (whole seconds).
func NewFileCache(limit int, inactive time.Duration) *FileCache {
	c := &FileCache{max: limit, inactive: int64(inactive / time.Second), entries: make(map[string]*entry)}
	c.head.prev, c.head.next = &c.head, &c.head
	return c
}

// Close forgets everything, and what is opened from now on is not kept. Files that
// requests still use stay open until those close their Info.
func (c *FileCache) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for c.head.prev != &c.head {
		c.remove(c.head.prev)
	}
}

// Len is the number of paths known.
func (c *FileCache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

// open answers from the cache while the entry is valid, else it looks at the file
// (without the lock) and updates the entry.
func (c *FileCache) open(path []byte, o *Options, info *Info) syscall.Errno {
	now := time.Now().Unix()
	c.mu.Lock()
	e := c.entries[string(path)]
	var old *file
	if e != nil {
		e.uses++
		c.touch(e, now)
		if e.answers(o, now) {
			return c.answer(e, o, info)
		}
		if old = e.file; old != nil {
			old.refs.Add(1)
		}
	}
	room := c.contents < DefaultContentBytes
	c.mu.Unlock()

	f, errno := look(old, o, info, room)
	if old != nil && old != f {
		old.release()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.update(path, f, errno, o, now)
	if errno != 0 {
		return errno
	}
	info.take(f)
	return 0
}

// answers reports whether the entry needs no look at the file system.
func (e *entry) answers(o *Options, now int64) bool {
	return (e.file != nil || e.err != 0) &&
		now-e.created < int64(o.Valid/time.Second) &&
		e.symlinks == o.Symlinks && e.from == o.SymlinksFrom &&
		!(o.NoContent && e.file != nil && e.file.content != nil)
}

// answer fills info from a valid entry and unlocks the cache.
func (c *FileCache) answer(e *entry, o *Options, info *Info) syscall.Errno {
	f, errno := e.file, e.err
	if f != nil {
		f.refs.Add(1)
	}
	c.expire(false, e.accessed)
	c.mu.Unlock()
	if errno != 0 {
		if o.Symlinks != SymlinksAllowed {
			return info.fail(errno, "openat()")
		}
		return info.fail(errno, "open()")
	}
	info.take(f)
	return 0
}

// look finds the present state of info's path: old itself, with the caller's
// reference, when nothing changed, or a new file with one reference.
func look(old *file, o *Options, info *Info, room bool) (*file, syscall.Errno) {
	probe := *o
	if old != nil {
		if old.isDir() {
			// A directory seldom becomes a file: one call instead of three.
			probe.TestDir = true
		} else {
			var st raw.Stat
			if e, call := statPath(info.path, o, &st); e != 0 {
				return nil, info.fail(e, call)
			}
			if same(&st, &old.st) && !(o.NoContent && old.content != nil) && !old.stale() {
				return old, 0
			}
		}
	}
	if e := info.openStat(&probe); e != 0 {
		return nil, e
	}
	var content []byte
	if room && info.own && !o.NoContent && cacheable(&info.st) {
		content = readAll(info.FD, info.Size)
	}
	return newFile(info, content), 0
}

// update stores the outcome of look. The caller keeps its reference to f.
func (c *FileCache) update(path []byte, f *file, errno syscall.Errno, o *Options, now int64) {
	if c.closed {
		return
	}
	e := c.entries[string(path)]
	if errno != 0 && !o.Errors {
		if e != nil {
			c.remove(e)
		}
		c.expire(false, now)
		return
	}
	if e == nil {
		if len(c.entries) >= c.max {
			c.expire(true, now)
		}
		e = &entry{name: string(path), uses: 1}
		c.entries[e.name] = e
		e.prev, e.next = e, e
	}
	c.touch(e, now)
	if f != nil && !f.isDir() && e.uses < o.MinUses {
		c.hold(e, nil)
	} else {
		c.hold(e, f)
	}
	e.err, e.created = errno, now
	e.symlinks, e.from = o.Symlinks, o.SymlinksFrom
	c.expire(false, now)
}

// hold makes f the entry's file and counts the cache's reference to it.
func (c *FileCache) hold(e *entry, f *file) {
	if e.file == f {
		return
	}
	if e.file != nil {
		c.contents -= int64(len(e.file.content))
		e.file.release()
	}
	if e.file = f; f != nil {
		c.contents += int64(len(f.content))
		f.refs.Add(1)
	}
}

func (c *FileCache) touch(e *entry, now int64) {
	e.accessed = now
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = &c.head, c.head.next
	e.prev.next, e.next.prev = e, e
}

// expire drops one or two entries that were not used lately, and, when full, the
// oldest one whatever its age.
func (c *FileCache) expire(full bool, now int64) {
	if full && c.head.prev != &c.head {
		c.remove(c.head.prev)
	}
	for range 2 {
		e := c.head.prev
		if e == &c.head || now-e.accessed <= c.inactive {
			return
		}
		c.remove(e)
	}
}

func (c *FileCache) remove(e *entry) {
	c.hold(e, nil)
	e.prev.next, e.next.prev = e.next, e.prev
	delete(c.entries, e.name)
}
