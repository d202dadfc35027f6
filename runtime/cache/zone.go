package cache

import (
	"sync"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// Zone is a cache: the index of its keys and what works on its files. It is safe for
// concurrent use. A request reaches it by a [Ref].
type Zone struct {
	name  string
	opts  atomic.Pointer[Options]
	index index
	hot   hotSet
	purge purges
	stats counters
	block int64 // bytes of a block of the file system, by which sizes are counted

	blocks     atomic.Int64 // of all files
	cold       atomic.Bool  // the loader has not seen all files yet
	paused     atomic.Bool  // see Pause
	fullLogged atomic.Int64 // when it was logged that the index is full, of clock.Mono
	numbers    atomic.Uint64
	retired    int64 // when the manager has last looked for purges that are over

	managerKick, purgeKick chan struct{} // wake the manager and the purger

	mu     sync.Mutex // for the rest
	start  bool
	closed bool
	loader sync.Mutex // held by the loader that runs
	stop   chan struct{}
	work   sync.WaitGroup // the zone's goroutines
}

// NewZone makes a zone that is cold. It reads and writes nothing before Start.
func NewZone(name string, o Options) *Zone {
	z := &Zone{name: name, block: defaultBlock, stop: make(chan struct{})}
	z.managerKick, z.purgeKick = make(chan struct{}, 1), make(chan struct{}, 1)
	z.opts.Store(&o)
	z.index.init(capacity(o.ZoneSize))
	z.hot.init(o.ZoneSize, maxDescriptors)
	z.cold.Store(true)
	return z
}

const zones resource.Kind[*Zone] = "cache"

// Mismatch is the refusal of a zone that is there in the running configuration with
// another path or other levels.
type Mismatch struct{ text string }

// Error is nginx's message.
func (e *Mismatch) Error() string { return e.text }

// Take returns the zone of a name for a configuration: the one of the running
// configuration where that has one of the same name and size, else a new one. The error is
// a *Mismatch. The zone gets the options when the configuration comes into effect: see
// Start.
func Take(resources *resource.Set, name string, o Options) (*Zone, error) {
	z := zones.Take(resources, conf.Sprintf("%s:%d", name, o.ZoneSize), func() *Zone { return NewZone(name, o) })
	switch old := z.opts.Load(); {
	case old.Dir != o.Dir:
		return nil, &Mismatch{conf.Sprintf(`cache "%s" uses the "%s" cache path while previously it used the "%s" cache path`, name, o.Dir, old.Dir)}
	case old.Levels != o.Levels:
		return nil, &Mismatch{conf.Sprintf(`cache "%s" had previously different levels`, name)}
	}
	return z, nil
}

// Name is the zone's name.
func (z *Zone) Name() string { return z.name }

// Start gives the zone its options when a configuration comes into effect. The first call
// starts the loader, the manager and the purger. It is made before requests use the zone.
func (z *Zone) Start(o Options) {
	z.opts.Store(&o)
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.start || z.closed {
		return
	}
	z.start = true
	z.block = blockSize(o.Dir)
	z.learnPurges()
	if z.purge.pending() != 0 {
		z.purgeKick <- struct{}{}
	}
	z.startLoader()
	z.work.Go(z.manage)
	z.work.Go(func() { z.guard(z.purgeFiles) })
}

// startLoader starts the loader. z.mu is held.
func (z *Zone) startLoader() {
	z.cold.Store(true)
	z.work.Go(func() {
		z.loader.Lock() // one that Pause has stopped may still be at it
		defer z.loader.Unlock()
		z.guard(z.loadAll)
	})
}

// Pause is called when this process serves no new requests any more. The files are left to
// the process that does: what was not asked for here may well be in use there. Requests under way
// may use the zone as before.
func (z *Zone) Pause() { z.paused.Store(true) }

// Resume undoes Pause: what has happened to the files meanwhile is looked up.
func (z *Zone) Resume() {
	z.mu.Lock()
	defer z.mu.Unlock()
	if !z.paused.Swap(false) || !z.start || z.closed {
		return
	}
	z.learnPurges()
	z.index.usedNow(clock.Mono()) // when the other process has used them is not known
	z.startLoader()
}

// Close ends the zone's goroutines and waits for them, and closes the files that are kept open.
// Requests may still use the zone.
func (z *Zone) Close() {
	z.mu.Lock()
	first := !z.closed
	z.closed = true
	z.mu.Unlock()
	if first {
		close(z.stop)
	}
	z.work.Wait()
	z.evict(z.hot.close())
}
