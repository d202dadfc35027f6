package front

import "sync"

// maxIdleWorkers is how many goroutines wait for another connection. Each
// keeps its stack of 8 KB or so.
const maxIdleWorkers = 64

// workers runs connections on goroutines that are used again: a new one would
// begin with a small stack and copy it twice on the way through a request,
// which is a twentieth of the cost of a short connection.
type workers struct {
	mu    sync.Mutex
	idle  []chan func() // the last to become idle is the first to be used
	ended bool          // none becomes idle any more
}

// run calls fn, which serves a connection, on a goroutine. It does not block.
func (w *workers) run(fn func()) {
	w.mu.Lock()
	if n := len(w.idle); n > 0 {
		ch := w.idle[n-1]
		w.idle = w.idle[:n-1]
		w.mu.Unlock()
		ch <- fn
		return
	}
	w.mu.Unlock()
	go w.loop(fn)
}

// loop serves one connection after the other until there are enough idle
// workers.
func (w *workers) loop(fn func()) {
	ch := make(chan func(), 1)
	for ; fn != nil; fn = <-ch {
		fn()
		w.mu.Lock()
		if w.ended || len(w.idle) >= maxIdleWorkers {
			w.mu.Unlock()
			return
		}
		w.idle = append(w.idle, ch)
		w.mu.Unlock()
	}
}

// stop lets the idle workers end, and the others when they are done.
func (w *workers) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range w.idle {
		close(ch)
	}
	w.idle, w.ended = nil, true
}
