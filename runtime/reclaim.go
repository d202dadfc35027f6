package runtime

import (
	goruntime "runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// reclaimer returns to the system what the process does not need any more: what a configuration has left behind, and what
// connections have used. The garbage collector keeps most of it for a later use.
type reclaimer struct {
	threads *threads
	stats   interface{ Connections() int64 }
	// resident is how many bytes the process has, release collects garbage and returns what is free.
	resident func() uint64
	release  func()

	mu      sync.Mutex
	waiting bool // soon was called, and begin not yet

	watching atomic.Bool
	most     atomic.Int64  // connections at the same time since memory was returned last
	least    atomic.Uint64 // bytes that the process had then
	left     atomic.Int64  // connections that were open then, at most: part of least may be what they used
}

// newReclaimer returns one for this process, whose connections stats counts.
func newReclaimer(t *threads, stats interface{ Connections() int64 }) *reclaimer {
	return &reclaimer{threads: t, stats: stats, resident: resident, release: debug.FreeOSMemory}
}

const (
	// soonPause is how long after a change of configuration memory is returned: when the connections have left the
	// configuration before. What they keep is returned later.
	soonPause = 300 * time.Millisecond
	// watchPause is how long after the end of a connection the memory is looked at: for all that end meanwhile once.
	watchPause = 2 * time.Second
	// worthwhile is by how much the memory has to have grown. To return it takes a collection, and what is needed
	// again is cleared by the system.
	worthwhile = 8 << 20
)

// soon returns memory after a pause, for all calls meanwhile once.
func (m *reclaimer) soon() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.waiting {
		m.waiting = true
		time.AfterFunc(soonPause, func() {
			m.mu.Lock()
			m.waiting = false
			m.mu.Unlock()
			m.free()
		})
	}
}

// free returns memory, and is done when it returns.
func (m *reclaimer) free() {
	m.threads.more()
	defer m.threads.less()
	m.most.Store(m.stats.Connections())
	m.release()
	m.least.Store(m.resident())
	// Part of that is what those use that have begun meanwhile, and what those used that have ended meanwhile, which
	// connectionEnded has counted in most.
	m.left.Store(max(m.most.Load(), m.stats.Connections()))
}

// connectionEnded is called at the end of every connection.
func (m *reclaimer) connectionEnded() {
	if n := m.stats.Connections() + 1; n > m.most.Load() {
		m.most.Store(n) // of several at the same time any: the number is an estimate
	}
	if !m.watching.Load() && m.watching.CompareAndSwap(false, true) {
		time.AfterFunc(watchPause, m.look)
	}
}

// look returns memory when there is enough of it, and most of the connections that have used it are gone. Else the next
// connection that ends has it look again. Of the connections that were there when memory was returned last, it takes the
// end of every second one: the memory has not grown since, but what they had comes back only now. That is at most once
// for each halving of their number.
func (m *reclaimer) look() {
	m.watching.Store(false)
	open := m.stats.Connections()
	least := m.least.Load()
	grown := least == 0 || m.resident() >= least+worthwhile
	if grown && 2*open <= m.most.Load() || 2*open <= m.left.Load() && m.left.Load() > 0 {
		m.threads.more()
		defer m.threads.less()
		goruntime.GC() // pools keep what they hold for one collection
		m.free()
	}
}

// resident is how many bytes the Go runtime has from the system and has not returned.
func resident() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}
