package cache

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/linked"
)

// The lock of a key lets one request fill the entry while others wait. A request that waits
// is woken, and asks nothing meanwhile: all of them when there is an entry, one of them,
// which has the lock then, when there is none.

// WaitResult is the outcome of [Ref.Wait].
type WaitResult uint8

// The outcomes of Ref.Wait.
const (
	Granted   WaitResult = iota // the request has the lock now: it asks the peer
	Filled                      // there is an entry, or a status: Open again
	TimedOut                    // Open again; after a miss the peer is asked, and the response not stored
	Cancelled                   // the caller's channel was ready
)

// waiter is a request that waits. The shard's lock guards it, but for wake and timer.
type waiter struct {
	linked.Links[waiter]
	granted uint32        // the lock's number, 0: not granted
	age     time.Duration // for how long the lock is granted
	wake    chan struct{}
	timer   *time.Timer
}

// lock begins an update and numbers it: not with 0. The shard is locked.
func (n *node) lock() uint32 {
	n.updating = true
	n.lockID = max(n.lockID+1, 1)
	return n.lockID
}

// unlock ends an update. The shard is locked.
func (n *node) unlock(now int64) {
	n.updating = false
	for w := n.waiters.First(); w != nil; w = n.waiters.First() {
		n.waiters.Remove(w)
		filled := n.exists || n.status != 0
		if !filled {
			w.granted = n.lock()
			n.lockUntil = now + int64(w.age)
		}
		w.wake <- struct{}{} // it is not in the queue any more, so nothing else sends
		if !filled {
			return
		}
	}
}

// Lock makes the request the one that fills the entry, if none does, or one has for more than
// its lock age: *_cache_lock_age. False: Wait.
func (r *Ref) Lock(age time.Duration) bool {
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	return r.tryLock(age, clock.Mono())
}

func (r *Ref) tryLock(age time.Duration, now int64) bool {
	n := r.node
	if n == nil {
		return true // the index is full: nothing is stored, and no request waits
	}
	if n.updating && now < n.lockUntil {
		return false
	}
	r.take(n)
	n.lockUntil = now + int64(age)
	return true
}

// Wait waits while another request fills the entry, at most for timeout, what is left of
// *_cache_lock_timeout, and until gone is ready.
func (r *Ref) Wait(age, timeout time.Duration, gone <-chan struct{}) WaitResult {
	if r.node == nil {
		return Granted
	}
	w := &waiter{age: age, wake: make(chan struct{}, 1), timer: time.NewTimer(timeout)}
	defer w.timer.Stop()
	end := clock.Mono() + int64(timeout)
	for {
		left, result, done := r.enqueue(w, end)
		if done {
			return result
		}
		w.timer.Reset(left)
		select {
		case <-w.wake:
			return r.woken(w)
		case <-gone:
			return r.leave(w)
		case <-w.timer.C:
		}
	}
}

// enqueue puts w into the queue where it is not yet, and says how long to wait; or the wait
// is over: the lock was taken, or the time.
func (r *Ref) enqueue(w *waiter, end int64) (left time.Duration, result WaitResult, done bool) {
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	n, now := r.node, clock.Mono()
	switch {
	case len(w.wake) > 0:
		return time.Hour, 0, false // it was woken while its timer fired
	case n.exists && !n.updating:
		result = Filled
	case now >= end:
		result = TimedOut
	case r.tryLock(w.age, now):
		result = Granted
	default:
		if !w.Listed() {
			n.waiters.PushBack(w)
		}
		return time.Duration(min(end, n.lockUntil) - now), 0, false
	}
	n.waiters.Remove(w)
	return 0, result, true
}

// woken ends a wait after w.wake.
func (r *Ref) woken(w *waiter) WaitResult {
	result := Filled
	if w.granted != 0 {
		r.lockID, result = w.granted, Granted
		r.shard.mu.Lock()
		r.asks()
		r.shard.mu.Unlock()
	}
	return result
}

// leave ends the wait of a request that does not want the entry any more. A lock that it was
// granted meanwhile goes to the next one.
func (r *Ref) leave(w *waiter) WaitResult {
	r.shard.mu.Lock()
	n := r.node
	if w.Listed() {
		n.waiters.Remove(w)
	} else {
		<-w.wake
		if w.granted != 0 && n.updating && n.lockID == w.granted {
			n.unlock(clock.Mono())
		}
	}
	r.shard.mu.Unlock()
	return Cancelled
}
