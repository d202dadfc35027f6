package http1

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// hangups are the Waiters of a connection's requests. It belongs to a Conn and
// stays with it in the pool.
type hangups struct {
	mu      sync.Mutex
	c       *Conn // in use while there are waiters
	waiters []httpd.Waiter
	place   [1]httpd.Waiter // of waiters: mostly there is but one
	lookFn  func()          // look, bound once
}

// Watch implements Carrier.
func (c *Conn) Watch(w httpd.Waiter) bool {
	c.beginDrop()
	h := c.someHangups()
	h.mu.Lock()
	h.waiters = append(h.waiters, w)
	h.mu.Unlock()
	return c.conn.OnHangup(h.lookFn)
}

// someHangups returns the connection's hangups, made by the first call.
func (c *Conn) someHangups() *hangups {
	h := c.hangups
	if h == nil {
		h = &hangups{c: c}
		h.lookFn = h.look
		h.waiters = h.place[:0]
		c.hangups = h
	}
	return h
}

// shareReads prepares the connection for a goroutine that reads from it beside the
// request's own. All is there that Watch would make, so that both may call it, and
// the one need not know whether the other reads.
func (c *Conn) shareReads() error { return c.conn.ShareReads(c.someHangups().lookFn) }

// Unwatch implements Carrier.
func (c *Conn) Unwatch(w httpd.Waiter) {
	h := c.hangups
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, other := range h.waiters {
		if other == w {
			n := len(h.waiters) - 1
			h.waiters[i], h.waiters[n] = h.waiters[n], nil
			h.waiters = h.waiters[:n]
			return
		}
	}
}

// look is what OnHangup calls.
func (h *hangups) look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiters) == 0 {
		return
	}
	if h.c.nc.PeerClosed() {
		h.tell()
	}
}

// tell ends the waits of all waiters; the caller holds mu.
func (h *hangups) tell() {
	for _, w := range h.waiters {
		w.ClientGone()
	}
}

// EndWaits implements Carrier.
func (c *Conn) EndWaits() {
	if h := c.hangups; h != nil {
		h.mu.Lock()
		h.tell()
		h.mu.Unlock()
	}
}

// LogLeft implements Carrier.
func (*Conn) LogLeft(*httpd.Request) bool { return false }

// HungUp implements Carrier.
func (c *Conn) HungUp() (bool, error) { return c.nc.HungUp() }

// Closed implements Carrier.
func (c *Conn) Closed() bool { return c.nc.PeerClosed() }
