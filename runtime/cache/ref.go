package cache

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
)

// Ref is what a request holds of one key. The zero value holds nothing and is ready for
// use; after Release it is so again. One goroutine uses it.
type Ref struct {
	zone    *Zone
	shard   *shard
	node    *node
	key     Key
	minUses int16
	lockID  uint32 // of the lock that this request has, 0: none
	buf     []byte // path, once it is needed; scratch that survives Release
	exists  bool   // of the node, when it was found
	purged  uint32 // of the node, at the last call of asks: a fill that is purged since is dropped
	gen     uint64 // the number of the latest purge, then
	epoch   uint64 // of the entry that was open, 0: none was
	image   *image // of the node, between find and kept
	_       noCopy
}

type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// Query is what a request asks a zone for.
type Query struct {
	Key     Key
	Text    []byte // of the key, also where Key is that of a variant
	MinUses int    // of *_cache_min_uses
	// Epoch is what the entry of the main key has, where Key is that of a variant: an older
	// variant is not used, since the main entry was purged after it had been stored.
	Epoch uint64
	Owner diskfile.Owner
	Temp  *diskfile.TempPath // for Create under UseTempPath
}

// Result is the outcome of Open.
type Result uint8

// The outcomes of [Zone.Open].
const (
	Miss       Result = iota // nothing is cached; the response may be stored
	Found                    // the entry is open
	Scarce                   // nothing is cached, and the response is not to be stored
	StatusOnly               // Ref.Status is cached, without a response
	Failed                   // the file cannot be opened, which is logged: the request ends with 500
)

// find makes r hold the node of its key. A use is counted where it has not held it before.
func (r *Ref) find(now int64) Result {
	z, s := r.zone, r.shard
	for tries := 0; ; tries++ {
		s.mu.Lock()
		n := r.node
		if n == nil {
			n = s.nodes[r.key]
		}
		if n == nil && z.index.count.Add(1) <= z.index.max {
			n = s.add(&r.key, now)
			n.refs, n.uses = 1, 1
			r.node = n
			r.asks()
			s.mu.Unlock()
			return Miss
		}
		if n != nil {
			s.touch(n, now)
			result := r.hold(n)
			s.mu.Unlock()
			return result
		}
		z.index.count.Add(-1)
		s.mu.Unlock()
		z.index.setWatermark()
		if tries == evictionTries || !z.removeOldest(now) { // others may take what was made free
			z.logFull()
			return Scarce
		}
	}
}

// hold is find where there is a node already. The shard is locked.
func (r *Ref) hold(n *node) Result {
	if r.node == nil {
		n.refs++
		n.uses = min(n.uses+1, maxUses)
		r.node = n
	}
	r.exists = n.exists
	r.asks()
	if r.image = n.image; r.image != nil {
		r.image.refs.Add(1)
	}
	switch {
	case n.status != 0 && n.statusValid < time.Now().Unix():
		n.status = 0
		r.zone.forget(n)
		r.exists = false
		r.giveBack()
		return Miss
	case n.status != 0:
		return StatusOnly
	case n.exists || n.uses >= r.minUses:
		return Found // or a miss, if there is no file
	}
	return Scarce
}

// Status is the cached status after StatusOnly.
func (r *Ref) Status() int {
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	return int(r.node.status)
}

// Path is the name of the entry's file, for messages, without a NUL. It is valid until
// Release.
func (r *Ref) Path() []byte {
	if r.zone == nil {
		return nil
	}
	p := r.path()
	return p[:len(p)-1]
}

// path is the name of the entry's file with a NUL.
func (r *Ref) path() []byte {
	if len(r.buf) == 0 {
		r.buf = append(r.zone.opts.Load().appendPath(r.buf, &r.key), 0)
	}
	return r.buf
}

// Update reports whether the request is the one that updates an expired entry: no other
// does. Release ends it.
func (r *Ref) Update() bool {
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	if r.node == nil || r.node.updating {
		return false
	}
	r.take(r.node)
	return true
}

// Updating reports whether r has the key's lock, by Lock, Wait or Update.
func (r *Ref) Updating() bool { return r.lockID != 0 }

// take makes r the one that fills or updates the entry. The shard is locked.
func (r *Ref) take(n *node) {
	r.lockID = n.lock()
	r.asks()
}

// asks notes that what r is filled with is asked for after all purges up to now. The shard is
// locked.
func (r *Ref) asks() { r.purged, r.gen = r.node.purged, r.zone.purge.count() }

// SetStatus caches a status without a response until valid, Unix seconds.
func (r *Ref) SetStatus(status int, valid int64) {
	if r.node == nil {
		return
	}
	r.shard.mu.Lock()
	r.node.status, r.node.statusValid = int16(status), valid
	r.shard.mu.Unlock()
}

// MoveTo gives to what r holds: the background request that updates an entry goes on with
// the lock of the request that has started it. to holds nothing before.
func (r *Ref) MoveTo(to *Ref) {
	buf := to.buf
	*to = Ref{
		zone: r.zone, shard: r.shard, node: r.node, key: r.key, minUses: r.minUses, lockID: r.lockID,
		purged: r.purged, gen: r.gen, epoch: r.epoch,
	}
	to.buf = append(buf[:0], r.buf...)
	r.reset()
}

// Release gives back what r holds, the lock included. It may be called when r holds
// nothing.
func (r *Ref) Release() {
	n, s := r.node, r.shard
	if n == nil {
		r.reset()
		return
	}
	s.mu.Lock()
	n.refs--
	if r.lockID != 0 && n.lockID == r.lockID && n.updating {
		n.unlock(clock.Mono())
	}
	if r.minUses <= 1 {
		r.zone.dropUnused(s, n)
	}
	s.mu.Unlock()
	r.reset()
}

func (r *Ref) reset() { *r = Ref{buf: r.buf[:0]} }
