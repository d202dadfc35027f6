package netio

import "syscall"

// Evict resumes the parked connections that are among the n (at most 32) that have
// waited for longest, with Evicted, and returns how many. others are the
// clock.Mono since which connections that are not parked wait, in order; they count
// among the n as well.
func (l *Lot) Evict(n int, others []int64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	var next evictions
	n = min(n, maxEvicted)
	for i := range l.slots {
		if c := l.slots[i].c; c != nil && c.parked.state.Load()&watchWaiting != 0 {
			next.add(c, n)
		}
	}
	evicted := 0
	for _, c := range next.share(n, others) {
		if c.parked.leave() {
			l.wake(c, Evicted)
			evicted++
		}
	}
	return evicted
}

// Drain resumes all parked connections with Drained, and those that park from now
// on: a shutdown, after which no connection is to be kept alive.
func (l *Lot) Drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drain.Store(true)
	for i := range l.slots {
		if c := l.slots[i].c; c != nil && c.parked.leave() {
			l.wake(c, Drained)
		}
	}
}

// Recall resumes all parked connections with Recalled, since the configuration has
// changed, and those that park later without having called SeenRecalls since.
func (l *Lot) Recall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recalls.Add(1)
	for i := range l.slots {
		if c := l.slots[i].c; c != nil && c.parked.leave() {
			l.wake(c, Recalled)
		}
	}
}

// Reopen undoes Drain: connections may park again.
func (l *Lot) Reopen() { l.drain.Store(false) }

// Len is how many connections are parked.
func (l *Lot) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for i := range l.slots {
		if c := l.slots[i].c; c != nil && c.parked.state.Load()&watchWaiting != 0 {
			n++
		}
	}
	return n
}

// Close drains the lot and waits for its goroutines (not for those of the
// connections it resumed). From then on Park fails, or resumes with Drained where
// the lot had watched the Conn before.
func (l *Lot) Close() error {
	l.Drain()
	l.mu.Lock()
	was := l.closed
	l.closed = true
	l.mu.Unlock()
	if was {
		return ErrClosed
	}
	err := l.file.Close()
	<-l.done
	_ = syscall.Close(l.bell)
	l.trim.wg.Wait()
	return err
}
