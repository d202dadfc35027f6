package log

import (
	"container/list"
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/openfile"
)

// writePath writes a line to a file whose name has variables. As in nginx such
// a file is made only where the request's root exists.
func (w *writer) writePath(r *httpd.Request, a *accessLog, line []byte) {
	now := time.Now().Unix()
	if a.state.full.Load() == now || !rootExists(r) {
		return
	}
	path := string(a.path.Eval(r))
	fd, entry, err := w.open(path)
	if err != nil {
		r.Logf(errlog.Crit, err, `open() "%s" failed`, path)
		return
	}
	if err := writeAll(fd, line); err != nil {
		a.state.failed(r, path, err, now)
	}
	if entry != nil {
		w.cache.done(entry)
		return
	}
	_ = syscall.Close(fd)
}

// pathState has the times of a log's failures, in seconds since 1970.
type pathState struct {
	full     atomic.Int64 // when a disk was full: lines of that second are dropped
	reported atomic.Int64 // when a failure was last logged
}

// reportEvery is nginx's time in seconds between two messages about one log.
const reportEvery = 60

// failed reports a line that could not be written.
func (s *pathState) failed(r *httpd.Request, path string, err error, now int64) {
	if errors.Is(err, syscall.ENOSPC) {
		s.full.Store(now)
	}
	if last := s.reported.Load(); now-last >= reportEvery && s.reported.CompareAndSwap(last, now) {
		r.Logf(errlog.Alert, err, `write() to "%s" failed`, path)
	}
}

// open returns a descriptor to append to path; entry is nil when the caller
// has to close it.
func (w *writer) open(path string) (fd int, entry *openPath, err error) {
	if w.cache != nil {
		return w.cache.open(path)
	}
	fd, err = openAppend(path)
	return fd, nil, err
}

// rootExists reports whether the root of the request's location is there.
func rootExists(r *httpd.Request) bool {
	root := r.Root()
	var info openfile.Info
	err := r.Open(root, &info, true)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	info.Close()
	if err != nil {
		r.Errorf(err, `testing "%s" existence failed`, root)
		return false
	}
	return true
}

func openAppend(path string) (int, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_CLOEXEC, 0o644)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Write(fd, b)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// cacheOptions are the parameters of open_log_file_cache, times in seconds.
type cacheOptions struct {
	max, minUses    int
	inactive, valid int64
}

// pathCache is open_log_file_cache: descriptors of log files that were used
// lately. It is safe for concurrent use.
type pathCache struct {
	o cacheOptions

	mu     sync.Mutex
	paths  map[string]*list.Element // of *openPath
	recent list.List                // the latest used first
	closed bool
}

// openPath is a file in the cache.
type openPath struct {
	path    string
	fd      int // -1 while it was not used often enough to stay open
	refs    int // writers at work
	gone    bool
	uses    int
	checked int64 // ns, when path was last known to lead to fd
	used    int64 // ns
	ino     uint64
}

func newPathCache(o cacheOptions) *pathCache {
	return &pathCache{o: o, paths: make(map[string]*list.Element)}
}

// open returns a descriptor of path; the caller hands entry to done after use.
// entry is nil when the caller has to close the descriptor itself.
func (c *pathCache) open(path string) (fd int, entry *openPath, err error) {
	now := clock.Mono()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
	e := c.paths[path]
	if e != nil {
		p := e.Value.(*openPath)
		c.recent.MoveToFront(e)
		p.uses++
		p.used = now
		if p.fd >= 0 && (now-p.checked < c.o.valid*1e9 || p.unchanged(now)) {
			p.refs++
			return p.fd, p, nil
		}
		c.shut(p)
	}
	fd, err = openAppend(path)
	if err != nil || c.closed {
		return fd, nil, err
	}
	uses := 1
	if e != nil {
		uses = e.Value.(*openPath).uses
	}
	p := &openPath{path: path, fd: -1, uses: uses, checked: now, used: now}
	c.put(e, p)
	if uses < c.o.minUses {
		return fd, nil, nil
	}
	p.fd = fd
	var st syscall.Stat_t
	if syscall.Fstat(fd, &st) == nil {
		p.ino = st.Ino
	}
	p.refs = 1
	return fd, p, nil
}

// put makes p the entry of its path, in e's place if there is one.
func (c *pathCache) put(e *list.Element, p *openPath) {
	if e != nil {
		e.Value = p
		return
	}
	for c.recent.Len() >= c.o.max {
		c.drop(c.recent.Back())
	}
	c.paths[p.path] = c.recent.PushFront(p)
}

// unchanged reports whether the path still leads to the open file: a rotation
// moves it away.
func (p *openPath) unchanged(now int64) bool {
	var st syscall.Stat_t
	if syscall.Stat(p.path, &st) != nil || st.Ino != p.ino {
		return false
	}
	p.checked = now
	return true
}

// done ends a use of an entry.
func (c *pathCache) done(p *openPath) {
	c.mu.Lock()
	p.refs--
	if p.gone {
		c.shut(p)
	}
	c.mu.Unlock()
}

// expire drops what was not used for the inactive time.
func (c *pathCache) expire(now int64) {
	for e := c.recent.Back(); e != nil && now-e.Value.(*openPath).used > c.o.inactive*1e9; e = c.recent.Back() {
		c.drop(e)
	}
}

func (c *pathCache) drop(e *list.Element) {
	p := e.Value.(*openPath)
	c.recent.Remove(e)
	delete(c.paths, p.path)
	c.shut(p)
}

// shut closes an entry's file, or leaves that to its last user.
func (c *pathCache) shut(p *openPath) {
	p.gone = true
	if p.refs == 0 && p.fd >= 0 {
		_ = syscall.Close(p.fd)
		p.fd = -1
	}
}

// close closes all files that are not in use; the others close when they are
// done with.
func (c *pathCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for c.recent.Len() > 0 {
		c.drop(c.recent.Back())
	}
}
