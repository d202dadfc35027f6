package cache

import (
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// The manager removes entries that are inactive, and the least recently used ones while the cache
// is larger than max_size, the file system has less than min_free, or the index is full. It is
// nginx's cache manager process as a goroutine of the zone. Its times are monotonic: a clock that
// is set does not show.

// noWatermark is the watermark of an index that was never full.
const noWatermark = math.MaxInt64

const (
	// managerIdle is when the manager looks again if there is nothing to do, as in nginx.
	managerIdle = 10 * time.Second
	// managerBlocked is when it looks again if all entries are in use, as in nginx.
	managerBlocked = time.Second
	// overshoot is by how many bytes a cache may be larger than max_size before the manager is
	// woken: it comes by itself after managerIdle.
	overshoot = 64 << 20
)

// setWatermark notes that the index is full: the manager keeps an eighth of it free from now on.
func (x *index) setWatermark() {
	count := x.count.Load()
	x.watermark.Store(count - count/8)
}

// manage is the manager's goroutine.
func (z *Zone) manage() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-z.stop:
			return
		case <-z.managerKick:
		case <-timer.C:
		}
		next := managerIdle
		z.guard(func() { next = z.manageOnce() })
		timer.Reset(next)
	}
}

// guard runs fn, and logs a panic in it: an error in what works on the files ends no process.
func (z *Zone) guard(fn func()) {
	defer func() {
		if p := recover(); p != nil {
			z.Logf(errlog.Alert, nil, "%s", errlog.Panic(p))
		}
	}()
	fn()
}

// run is one run of a goroutine that makes breaks.
type run struct {
	pace  *Pace
	files int
	start int64
}

func begin(p *Pace) run { return run{p, 0, clock.Mono()} }

// over counts one entry, and reports whether it is time for a break.
func (r *run) over() bool {
	r.files++
	return r.files >= r.pace.Files || clock.Mono()-r.start >= int64(r.pace.Threshold)
}

// manageOnce removes what is to be removed, up to manager_files or manager_threshold, and returns
// when to come again.
func (z *Zone) manageOnce() time.Duration {
	o := z.opts.Load()
	z.evict(z.hot.idle(clock.Mono()))
	z.learnPurges()
	if z.paused.Load() {
		return managerIdle
	}
	z.retirePurges()
	r := begin(&o.Manager)
	wait := z.removeInactive(o, &r)
	if wait == 0 {
		return o.Manager.Sleep
	}
	for !z.small(o) && !z.paused.Load() {
		if !z.removeOldest(clock.Mono()) {
			if z.index.count.Load() == 0 {
				return managerIdle
			}
			return managerBlocked
		}
		if r.over() || z.stopped() {
			return o.Manager.Sleep
		}
	}
	return wait
}

// removeInactive removes entries that have not been requested within inactive=. 0: it is time for a
// break; else it is the time until it is worth another look.
func (z *Zone) removeInactive(o *Options, r *run) time.Duration {
	for !z.stopped() && !z.paused.Load() {
		now := clock.Mono()
		oldest := z.oldest()
		if oldest == math.MaxInt64 {
			return managerIdle
		}
		if left := time.Duration(oldest - now + int64(o.Inactive)); left > 0 {
			return min(left, managerIdle)
		}
		if !z.removeOldest(now) {
			return managerBlocked
		}
		if r.over() {
			return 0
		}
	}
	return managerBlocked
}

// small reports whether the cache is within its limits.
func (z *Zone) small(o *Options) bool {
	if z.blocks.Load() >= o.MaxSize/z.block || z.index.count.Load() >= z.index.watermark.Load() {
		return false
	}
	return o.MinFree == 0 || free(o.Dir) > o.MinFree
}

// free is how many bytes the file system of dir has for us.
func free(dir string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return math.MaxInt64
	}
	return int64(s.Bavail) * int64(s.Bsize) //nolint:unconvert // the fields' types differ by system
}

// grown wakes the manager when the cache is far over its limit.
func (z *Zone) grown() {
	o := z.opts.Load()
	if size := z.blocks.Load() * z.block; size > overshoot && size-overshoot > o.MaxSize {
		select {
		case z.managerKick <- struct{}{}:
		default:
		}
	}
}

// oldest is when the entry was used that was not used for the longest time, math.MaxInt64 if there
// is none.
func (z *Zone) oldest() int64 {
	used := int64(math.MaxInt64)
	for i := range z.index.shards {
		s := &z.index.shards[i]
		s.mu.Lock()
		if n := s.root.prev; n != &s.root {
			used = min(used, n.used)
		}
		s.mu.Unlock()
	}
	return used
}

// evictionTries is how many entries in use are passed over, as in nginx.
const evictionTries = 20

// removeOldest removes the entry that was not used for the longest time, with its file. One that
// is in use becomes the latest instead. False: those that were looked at are all in use.
func (z *Zone) removeOldest(now int64) bool {
	for range evictionTries {
		var oldest *shard
		used := int64(math.MaxInt64)
		for i := range z.index.shards {
			s := &z.index.shards[i]
			s.mu.Lock()
			if n := s.root.prev; n != &s.root && n.used < used {
				oldest, used = s, n.used
			}
			s.mu.Unlock()
		}
		if oldest == nil {
			return false
		}
		if z.removeLast(oldest, now) {
			return true
		}
	}
	return false
}

// removeLast is removeOldest of one shard.
func (z *Zone) removeLast(s *shard, now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.root.prev
	switch {
	case n == &s.root:
		return false
	case n.refs > 0 || n.busy:
		s.touch(n, now)
		return false
	}
	z.removeNode(s, n)
	return true
}

// removeNode removes an entry that no request holds, with its file. The shard is locked; the lock is
// given back meanwhile.
func (z *Zone) removeNode(s *shard, n *node) {
	n.status = 0
	if n.exists {
		s.lockFile(n)
		z.forget(n)
		s.mu.Unlock()
		remove(z, string(z.opts.Load().appendPath(nil, &n.key)))
		s.mu.Lock()
		s.unlockFile(n)
	}
	z.dropUnused(s, n)
}

// logFull logs that the index has no room, at most once a second.
func (z *Zone) logFull() {
	now := clock.Mono()
	if last := z.fullLogged.Load(); now-last < int64(time.Second) && last != 0 || !z.fullLogged.CompareAndSwap(last, now) {
		return
	}
	z.Logf(errlog.Alert, nil, `could not allocate node in cache keys zone "%s"`, z.name)
}

// The zone owns what its goroutines do: [diskfile.Owner].

// Logf writes to the log of the configuration.
func (z *Zone) Logf(lv errlog.Level, err error, format string, args ...any) {
	z.opts.Load().Log.Log(lv, 0, err, nil, format, args...)
}

// Numbers are for temporary files, of which the zone makes none.
func (z *Zone) Numbers() *atomic.Uint64 { return &z.numbers }

// stopped reports whether Close was called.
func (z *Zone) stopped() bool {
	select {
	case <-z.stop:
		return true
	default:
		return false
	}
}

// sleep waits; false: Close was called.
func (z *Zone) sleep(d time.Duration) bool {
	if d <= 0 {
		return !z.stopped()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-z.stop:
		return false
	case <-t.C:
		return true
	}
}
