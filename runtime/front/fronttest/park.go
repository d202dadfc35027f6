package fronttest

import (
	"slices"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// parking is a Conn's side of waiting without a goroutine of its owner. The mu of its
// Network guards waiting and why.
type parking struct {
	resume           func(*netio.Conn, netio.Event)
	waiting          bool
	why              netio.Event // it was ended from elsewhere
	since, end, done int64       // clock.Mono; end 0: never
	seenRecalls      int
	watched          bool
}

// Park implements front.Transport. The IdlePoller is not used: the Network has the connection.
func (c *Conn) Park(_ *netio.IdlePoller, timeout time.Duration, resume func(*netio.Conn, netio.Event)) error {
	c.resume, c.since, c.end = resume, clock.Mono(), 0
	if timeout > 0 {
		c.end = c.since + int64(timeout)
	}
	return c.ParkAgain(nil)
}

// ParkAgain implements front.Transport.
func (c *Conn) ParkAgain(*netio.IdlePoller) error {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return netio.ErrClosed
	}
	n := c.network
	n.mu.Lock()
	defer n.mu.Unlock()
	c.waiting = true
	switch {
	case n.draining:
		n.expel(c, netio.Drained)
	case n.recalls != c.seenRecalls:
		n.expel(c, netio.Recalled)
	default:
		n.parked = append(n.parked, c)
	}
	go c.parked()
	return nil
}

// parked waits until something comes, the time is over, or the wait is ended, and
// resumes the connection.
func (c *Conn) parked() {
	c.mu.Lock()
	why := netio.Readable
	for !c.network.expelled(c) && !c.in.readable() {
		if c.end != 0 && clock.Mono() >= c.end {
			why = netio.Expired
			break
		}
		c.sleep(c.end)
	}
	c.mu.Unlock()
	why = c.network.leave(c, why)
	c.done = clock.Mono()
	c.resume(nil, why)
}

// ParkBusy implements front.Transport.
func (c *Conn) ParkBusy(_ *netio.IdlePoller, resume func(*netio.Conn, netio.Event)) error {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return netio.ErrClosed
	}
	c.resume, c.since, c.end = resume, clock.Mono(), 0
	c.network.mu.Lock()
	c.waiting = true
	c.network.mu.Unlock()
	go c.parked()
	return nil
}

// Unpark implements front.Transport.
func (c *Conn) Unpark() bool {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if c.waiting {
		c.network.expel(c, netio.Readable)
	}
	return false
}

// ParkedAt implements front.Transport.
func (c *Conn) ParkedAt() int64 { return c.since }

// ResumedAt implements front.Transport.
func (c *Conn) ResumedAt() int64 { return c.done }

// SeenRecalls implements front.Transport.
func (c *Conn) SeenRecalls(*netio.IdlePoller) {
	c.network.mu.Lock()
	c.seenRecalls = c.network.recalls
	c.network.mu.Unlock()
}

// OnHangup implements front.Transport.
func (c *Conn) OnHangup(_ *netio.IdlePoller, fn func()) bool {
	c.mu.Lock()
	was := c.watched
	c.watched = true
	gone := c.in.fin
	c.mu.Unlock()
	if gone {
		fn()
	}
	if !was {
		go c.watch(fn)
	}
	return true
}

// watch calls fn when the client ends its side, until the connection is closed.
func (c *Conn) watch(fn func()) {
	c.mu.Lock()
	for !c.in.fin && !c.closed {
		c.sleep(0)
	}
	closed := c.closed
	c.mu.Unlock()
	if !closed {
		fn()
	}
}

// WatchEnd implements front.Transport.
func (c *Conn) WatchEnd(*netio.IdlePoller) error { return nil }

// expel ends the wait of c; the caller holds mu.
func (n *Network) expel(c *Conn, why netio.Event) {
	c.waiting, c.why = false, why
	n.parked = slices.DeleteFunc(n.parked, func(other *Conn) bool { return other == c })
	go func() { // mu may not be taken under the Network's
		c.mu.Lock()
		c.change()
		c.mu.Unlock()
	}()
}

// expelled reports whether the wait of c was ended from elsewhere.
func (n *Network) expelled(c *Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !c.waiting
}

// leave ends the wait of c, if that is still to be done, and returns why it ended.
func (n *Network) leave(c *Conn, why netio.Event) netio.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !c.waiting {
		return c.why
	}
	c.waiting = false
	n.parked = slices.DeleteFunc(n.parked, func(other *Conn) bool { return other == c })
	return why
}

// Drain implements front.Poller.
func (n *Network) Drain() { n.all(netio.Drained, func() { n.draining = true }) }

// Recall implements front.Poller.
func (n *Network) Recall() { n.all(netio.Recalled, func() { n.recalls++ }) }

// all ends all waits.
func (n *Network) all(why netio.Event, note func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	note()
	for _, c := range slices.Clone(n.parked) {
		n.expel(c, why)
	}
}

// Reopen implements front.Poller.
func (n *Network) Reopen() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.draining = false
}

// Evict implements front.Poller.
func (n *Network) Evict(limit int, others []int64) (evicted int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	oldest := slices.Clone(n.parked)
	slices.SortStableFunc(oldest, func(a, b *Conn) int { return int(a.since - b.since) })
	for j := 0; evicted < len(oldest) && evicted+j < limit; {
		if c := oldest[evicted]; j < len(others) && others[j] < c.since {
			j++
		} else {
			n.expel(c, netio.Evicted)
			evicted++
		}
	}
	return evicted
}
