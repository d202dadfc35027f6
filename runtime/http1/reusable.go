package http1

import (
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// reusableQueue holds the connections whose goroutine waits for bytes that may never
// come: a PROXY header, a TLS handshake, the request after it, the rest of a TLS
// record, the end of a lingering close. When worker_connections are nearly used up,
// the oldest of them are closed, as are parked connections: nginx's reusable
// connections.
type reusableQueue struct {
	mu          sync.Mutex
	first, last *Conn // in the order in which they began to wait, linked by Conn.reusableNext and reusablePrev
}

// errEvicted ends a connection that was closed to make room for another one.
var errEvicted = errors.New("evicted")

// setReusable lets the connection be closed to make room for others, until
// clearReusable. While nearLimit is false it does nothing.
func (c *Conn) setReusable() {
	// The runtime's poller has to know the socket, so that another goroutine may end
	// the wait.
	if !c.srv.nearLimit() || !c.nc.Registered() && c.nc.Share() != nil {
		return
	}
	l := &c.srv.reusable
	l.mu.Lock()
	defer l.mu.Unlock()
	c.markedReusable, c.isReusable, c.reusableSince = true, true, clock.Mono()
	c.reusablePrev = l.last
	if l.last != nil {
		l.last.reusableNext = c
	} else {
		l.first = c
	}
	l.last = c
}

// clearReusable undoes setReusable. False: the connection has been evicted.
func (c *Conn) clearReusable() bool {
	if !c.markedReusable {
		return true
	}
	c.markedReusable = false
	l := &c.srv.reusable
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.isReusable {
		l.remove(c)
	}
	return !c.evicted.Load()
}

// undoEviction keeps a connection whose request came just before its eviction.
func (c *Conn) undoEviction() {
	c.evicted.Store(false)
	c.srv.connLimit.leaving.Add(-1)
	_ = c.nc.SetDeadline(time.Time{}) // it is open
}

// remove takes c out; the caller holds mu.
func (l *reusableQueue) remove(c *Conn) {
	if c.reusablePrev != nil {
		c.reusablePrev.reusableNext = c.reusableNext
	} else {
		l.first = c.reusableNext
	}
	if c.reusableNext != nil {
		c.reusableNext.reusablePrev = c.reusablePrev
	} else {
		l.last = c.reusablePrev
	}
	c.isReusable, c.reusablePrev, c.reusableNext = false, nil, nil
}

// since returns the times at which the first n began to wait.
func (l *reusableQueue) since(n int) (since []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := l.first; c != nil && len(since) < n; c = c.reusableNext {
		since = append(since, c.reusableSince)
	}
	return since
}

// evict ends the waits of up to n connections, the oldest first, and returns how
// many.
func (l *reusableQueue) evict(n int) (evicted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; evicted < n && l.first != nil; evicted++ {
		c := l.first
		l.remove(c)
		c.evicted.Store(true)
		_ = c.nc.SetDeadline(clock.MonoTime(clock.Mono() - int64(time.Second))) // it is open: clearReusable waits for mu
	}
	return evicted
}

// connLimit holds the number of connections to worker_connections.
type connLimit struct {
	limit   atomic.Int64 // worker_connections
	leaving atomic.Int64 // evicted and not closed yet
	warned  atomic.Int64 // clock.Now().Sec of the last warning
}

// nearLimit reports whether more than three quarters of worker_connections are in
// use. Then connections that wait on a goroutine are put into the reusableQueue.
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

// evict closes some of the connections that wait, as many as nginx would, and
// returns how many. They keep their descriptors until their goroutines have ended.
func (s *Instance) evict() int {
	n := max(1, min(32, int(s.stats.Waiting.Load())/8))
	evicted := s.lot.Evict(n, s.reusable.since(n))
	if evicted < n {
		evicted += s.reusable.evict(n - evicted)
	}
	s.connLimit.leaving.Add(int64(evicted))
	return evicted
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
		freed = s.evict() > 0
		if now := clock.Now().Sec; freed && s.noDescriptors.Swap(now) == now {
			return freed // one line a second
		}
	}
	s.log.Load().Fail(level, err)
	return freed
}

// admit begins to serve a connection.
func (s *Instance) admit(ls *Listening, nc *netio.Conn) {
	if !s.makeRoom() {
		s.stats.Accepted.Add(1)
		s.log.Load().Log(errlog.Alert, 0, nil, nil, "%d worker_connections are not enough", s.connLimit.limit.Load())
		nc.Release()
		return
	}
	s.live.Add(1)
	c := newConn(s, ls, nc)
	c.refresh()
	if cfg := ls.config.Load(); c.cfg == nil && cfg.Hold() {
		// The address was dropped while the connection waited to be accepted: the
		// configuration that listened serves it. Use holds that until no socket of
		// it accepts any more.
		c.take(cfg, cfg.AddrOf(ls.key, nc))
	}
	s.workers.run(c.serveFn)
}
