package front

import "sync"

// maxIdleGoroutines is how many goroutines wait for another connection. Each
// keeps its stack of 4 or 8 KB.
const maxIdleGoroutines = 64

// goroutinePool runs connections on goroutines that are used again: a new one would
// begin with a small stack and copy it twice on the way through a request,
// which is a twentieth of the cost of a short connection.
type goroutinePool struct {
	mu    sync.Mutex
	idle  []chan func() // the last to become idle is the first to be used
	ended bool          // none becomes idle any more
}

// run calls fn, which serves a connection, on a goroutine. It does not block.
func (p *goroutinePool) run(fn func()) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		ch := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		ch <- fn
		return
	}
	p.mu.Unlock()
	go p.loop(fn)
}

// loop serves one connection after the other until enough
// goroutines are idle.
func (p *goroutinePool) loop(fn func()) {
	ch := make(chan func(), 1)
	for ; fn != nil; fn = <-ch {
		fn()
		p.mu.Lock()
		if p.ended || len(p.idle) >= maxIdleGoroutines {
			p.mu.Unlock()
			return
		}
		p.idle = append(p.idle, ch)
		p.mu.Unlock()
	}
}

// stop lets the idle goroutines end, and the others when they are done.
func (p *goroutinePool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ch := range p.idle {
		close(ch)
	}
	p.idle, p.ended = nil, true
}
