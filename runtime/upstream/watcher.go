package upstream

import (
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Watcher is where the idle connections of pools wait without a goroutine each, until
// they become readable or too old, and where new connections wait for their peer
// (docs/adr/0049). It serves any number of upstreams, outlives configurations until one has
// no upstreams, and is started by the first connection.
type Watcher struct {
	once   sync.Once
	poller *netio.IdlePoller // nil: there is none, pools look by themselves
}

// start makes the idle poller.
func (w *Watcher) start() {
	if !netio.ParkBetweenRequests {
		return
	}
	// Idle upstream connections are few, and leave no memory behind that would be
	// worth a collection.
	w.poller, _ = netio.NewIdlePoller(netio.IdlePollerOptions{TrimAfter: -1})
}

// add makes c wait for at most d; woke is called when the wait is over. False: the
// system has no way to watch it, and c stays the caller's.
func (w *Watcher) add(c *netio.Conn, d time.Duration, woke func(*netio.Conn, netio.Event)) bool {
	pl := w.idlePoller()
	return pl != nil && c.Park(pl, d, woke) == nil
}

// again makes c, for which woke was called, wait for the rest of its time.
func (w *Watcher) again(c *netio.Conn) bool { return c.ParkAgain(w.poller) == nil }

// idlePoller returns the idle poller, nil where there is none.
func (w *Watcher) idlePoller() *netio.IdlePoller {
	if w == nil {
		return nil
	}
	w.once.Do(w.start)
	return w.poller
}

// Close ends the Watcher when a configuration has taken effect that has no upstreams. Connections that
// wait are closed; those that a request under way still returns to its pool are not watched.
func (w *Watcher) Close() {
	w.once.Do(func() {}) // it is not started any more
	if w.poller != nil {
		_ = w.poller.Close() // it fails only where it is closed already
	}
}
