package front

import (
	"errors"
	"sync/atomic"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// connLimit holds the number of connections to worker_connections.
type connLimit struct {
	limit   atomic.Int64 // worker_connections
	leaving atomic.Int64 // evicted and not closed yet
	warned  atomic.Int64 // clock.Now().Sec of the last warning
}

// nearLimit reports whether more than three quarters of worker_connections are in
// use. Then connections that wait on a goroutine for a moment are put into the
// reusableQueue, too.
func (s *Instance) nearLimit() bool {
	limit := s.connLimit.limit.Load()
	return limit > 0 && s.stats.Active.Load() > limit-limit/4
}

// makeRoom reports whether another connection is within worker_connections. When
// few are left, it closes connections that wait.
func (s *Instance) makeRoom() bool {
	limit := s.connLimit.limit.Load()
	if limit <= 0 {
		return true
	}
	free := limit - (s.stats.Active.Load() - s.connLimit.leaving.Load())
	if free <= limit/16 {
		if n := s.evict(); n > 0 {
			free += int64(n)
			if now := clock.Now().Sec; s.connLimit.warned.Swap(now) != now {
				s.log.Load().Log(errlog.Warn, 0, nil, nil, "%d worker_connections are not enough, reusing connections", limit)
			}
		}
	}
	return free > 0
}

// evict closes some of the connections that wait, the oldest ones, and returns how many:
// as in nginx an eighth of them, at least 1 and at most 32. They keep their descriptors
// until their goroutines have ended.
func (s *Instance) evict() int {
	n := max(1, min(32, int(s.stats.Waiting.Load())/8))
	since, evicted := s.reusable.since(n), 0
	for _, p := range s.pollers {
		if evicted < n {
			evicted += p.Evict(n-evicted, since)
		}
	}
	if evicted < n {
		evicted += s.reusable.evict(n - evicted)
	}
	s.connLimit.leaving.Add(int64(evicted))
	return evicted
}

// OutOfDescriptors reports whether connections wait because this process has no descriptor for them, and no idle
// connection that could be closed: accept has failed so within the last two seconds, in which it is tried four times.
func (s *Instance) OutOfDescriptors() bool {
	last := s.starved.Load()
	return last != 0 && clock.Now().Sec-last < 2
}

// acceptFailed logs an accept that failed. Where descriptors have run out it closes
// idle connections; freed reports whether there were any.
func (s *Instance) acceptFailed(err error) (freed bool) {
	level := errlog.Alert
	switch {
	case errors.Is(err, syscall.ECONNABORTED):
		level = errlog.Error
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		level = errlog.Crit
		now := clock.Now().Sec
		if freed = s.evict() > 0; !freed && errors.Is(err, syscall.EMFILE) { // ENFILE is the whole system's
			s.starved.Store(now)
		}
		if s.noDescriptors.Swap(now) == now {
			return freed // one line a second, of all sockets
		}
	}
	s.log.Load().Fail(level, err)
	return freed
}
