package front

import "sync"

// OnBlocked makes fn be called, once, when a write to the client is about to wait
// because the client takes nothing more; nil calls it off. fn runs during a write of the
// protocol's goroutine, or in [Conn.Blocked]. It must not write, nor call OnBlocked.
func (c *Conn) OnBlocked(fn func()) {
	if c.layer == nil {
		c.nc.OnBlocked(fn)
		return
	}
	c.layer.blocked.set(fn)
}

// Blocked calls what OnBlocked was given: for a writer that waits by itself.
func (c *Conn) Blocked() {
	if c.layer == nil {
		c.nc.Blocked()
		return
	}
	c.layer.blocked.now()
}

// blocked is OnBlocked of a TLS connection. A read may write to its socket as well:
// crypto/tls answers key updates and sends alerts. That read may run on a goroutine beside
// the protocol's own. So fn is called only during a write of the protocol's goroutine,
// whichever of the two finds the socket full, and that write does not end before fn has
// returned.
type blocked struct {
	mu      sync.Mutex // for the next three; held while fn runs
	fn      func()
	writing bool // the protocol's goroutine is between begin and end
	waiting bool // a write to the socket waits

	armed bool // fn may be there; the protocol's goroutine alone uses it
}

// set is OnBlocked.
func (b *blocked) set(fn func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fn, b.armed = fn, fn != nil
}

// now is Conn.Blocked.
func (b *blocked) now() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.call()
}

// begin is called before a write of the protocol's goroutine, end after it.
func (b *blocked) begin() {
	if b.armed {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.writing = true
		if b.waiting {
			b.call()
		}
	}
}

// end undoes begin.
func (b *blocked) end() {
	if b.armed {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.writing, b.armed = false, b.fn != nil
	}
}

// wait is called when a write to the socket is about to wait, wrote when it has ended.
// These writes exclude each other.
func (b *blocked) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = true
	if b.writing {
		b.call()
	}
}

// wrote is described at wait.
func (b *blocked) wrote() {
	if b.waiting { // only writes change it
		b.mu.Lock()
		defer b.mu.Unlock()
		b.waiting = false
	}
}

// call calls fn; the caller holds mu.
func (b *blocked) call() {
	if fn := b.fn; fn != nil {
		b.fn = nil
		fn()
	}
}
