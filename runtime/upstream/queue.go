package upstream

import (
	"errors"
	"time"

	"github.com/sluiceproxy/sluice/runtime/linked"
)

// Why a request does not get a peer from the queue.
var (
	ErrQueueFull    = errors.New("queue is full")
	ErrQueueTimeout = errors.New("queue timed out")
	ErrLeft         = errors.New("the client has left")
	ErrNoPeer       = errors.New("all peers were tried") // waiting would not help
)

// queue is the requests of a group that wait for a peer, in order (queue N). It belongs to
// the lock of the group.
type queue struct {
	g         *Group
	most      int
	timeout   time.Duration
	list      linked.List[waiter, *waiter]
	size      int
	overflows uint64
	timer     *time.Timer // runs while requests wait
}

// waiter is a Choice in the queue.
type waiter struct {
	linked.Links[waiter]
	c     *Choice       // nil: it does not wait
	woken chan struct{} // receives when c has a peer; made with the first wait, for good
}

// newQueue makes the queue of g.
func newQueue(g *Group, most int, timeout time.Duration) *queue {
	return &queue{g: g, most: most, timeout: timeout}
}

// Queued reports whether a request that found no peer waits for one.
func (g *Group) Queued() bool { return g.queue != nil }

// Wait waits for a peer after Next has returned none, until cancel is closed or receives.
// The peer is taken as by Next. The error is ErrQueueFull, ErrQueueTimeout, ErrLeft or
// ErrNoPeer.
func (c *Choice) Wait(cancel <-chan struct{}) (*Peer, error) {
	g := c.g
	q := g.queue
	g.mu.Lock()
	switch {
	case c.exhausted():
		g.mu.Unlock()
		return nil, ErrNoPeer
	case q.size >= q.most:
		q.overflows++
		g.mu.Unlock()
		return nil, ErrQueueFull
	}
	q.push(c)
	q.serve() // what came free since
	g.mu.Unlock()
	limit := time.NewTimer(q.timeout)
	defer limit.Stop()
	var err error
	select {
	case <-c.wait.woken:
		return c.Peer, nil
	case <-limit.C:
		err = ErrQueueTimeout
	case <-cancel:
		err = ErrLeft
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.wait.c != nil {
		q.remove(&c.wait)
		return nil, err
	}
	<-c.wait.woken // a peer came just now
	return c.Peer, nil
}

// mayPass reports whether a new request may be given a peer at once: those that wait are
// first.
func (q *queue) mayPass() bool {
	if q.list.First() != nil {
		q.serve()
	}
	return q.list.First() == nil
}

// retryEvery is how often the requests in the queue look for a peer by themselves: one
// that was left out for its failures comes back without an event.
const retryEvery = time.Second

// serve gives peers to the requests that wait, in order. One that has tried peers may have
// to wait for another peer than those behind it.
func (q *queue) serve() {
	for w := q.list.First(); w != nil; {
		next, c := w.Next(), w.c
		c.restart()
		if c.next() != nil {
			q.remove(w)
			w.woken <- struct{}{}
		} else if c.fresh() && len(c.Hint) == 0 {
			return // no peer is live
		}
		w = next
	}
}

// exhausted reports whether c has tried all that the group has.
func (c *Choice) exhausted() bool {
	if c.ranks != c.g.now.Load() || c.ranks.backup != nil {
		return false
	}
	for i := range c.set.Peers {
		if !c.Tried(i) {
			return false
		}
	}
	return len(c.set.Peers) > 0
}

// restart begins the search anew, among the peers that there are now. Those that were
// tried are tried again only where the peers have changed or the backups were searched.
func (c *Choice) restart() {
	r := c.g.now.Load()
	c.Now, c.rejected, c.rehash, c.hash = 0, 0, 0, 0
	if c.ranks != r || c.set != r.primary {
		c.ranks, c.set = r, r.primary
		c.forget()
	}
}

// arm starts the timer.
func (q *queue) arm() {
	if q.timer != nil {
		q.timer.Reset(retryEvery)
		return
	}
	q.timer = time.AfterFunc(retryEvery, func() {
		q.g.mu.Lock()
		defer q.g.mu.Unlock()
		if q.serve(); q.size > 0 {
			q.timer.Reset(retryEvery)
		}
	})
}

func (q *queue) push(c *Choice) {
	w := &c.wait
	if w.woken == nil {
		w.woken = make(chan struct{}, 1)
	}
	w.c = c
	q.list.PushBack(w)
	q.size++
	if q.size == 1 {
		q.arm()
	}
}

func (q *queue) remove(w *waiter) {
	q.list.Remove(w)
	w.c = nil
	if q.size--; q.size == 0 && q.timer != nil {
		q.timer.Stop()
	}
}
