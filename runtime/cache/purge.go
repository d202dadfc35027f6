package cache

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
)

// Purges are numbered. Each entry has the number of the purge before it was asked for; a purge
// of a prefix means the entries with lower numbers. What was purged is kept, in memory and in a
// file, until no such entry can be left.

// purges are the purges of a zone.
type purges struct {
	number  atomic.Uint64 // of the latest
	retired atomic.Uint64 // what was asked for before this purge is not stored any more: it may be forgotten
	mu      sync.Mutex    // for changing list, and for seen
	list    atomic.Pointer[[]pattern]
	seen    fileID // of the file, when it was read or written last
}

// pattern is one purge of a prefix.
type pattern struct {
	number uint64
	prefix []byte
}

// maxPatterns is how many purges of prefixes are kept. Where there are more, what they have in
// common is purged.
const maxPatterns = 1024

// count is the number of the latest purge.
func (p *purges) count() uint64 { return p.number.Load() }

// next numbers a purge. Numbers are microseconds since 1970 where the clock allows, so that they
// grow over a restart.
func (p *purges) next() uint64 {
	for {
		old := p.number.Load()
		number := max(old+1, uint64(time.Now().UnixMicro()))
		if p.number.CompareAndSwap(old, number) {
			return number
		}
	}
}

// saw makes sure that the next purge has a higher number than an entry that was found: the clock
// may have been set back.
func (p *purges) saw(number uint64) {
	for old := p.number.Load(); old < number; old = p.number.Load() {
		if p.number.CompareAndSwap(old, number) {
			return
		}
	}
}

// means reports whether an entry was purged by its prefix. If it was not, and that was not known
// before, clean is the number of the latest purge.
func (p *purges) means(i *image) (purged bool, clean uint64) {
	latest := p.pending()
	if i.gen >= latest || i.clean.Load() >= latest {
		return false, 0
	}
	list := p.list.Load()
	for _, pt := range *list {
		if i.gen < pt.number && bytes.HasPrefix(i.text, pt.prefix) {
			return true, 0
		}
	}
	i.clean.Store(latest)
	return false, latest
}

// put keeps a purge of a prefix with a number above those that are kept: the list is in the order of
// the numbers. p.mu is held.
func (p *purges) put(number uint64, prefix []byte) {
	var list []pattern
	if old := p.list.Load(); old != nil {
		for _, pt := range *old {
			if !bytes.HasPrefix(pt.prefix, prefix) { // else the new one means all that the old one does
				list = append(list, pt)
			}
		}
	}
	if len(list) >= maxPatterns {
		for _, pt := range list {
			prefix = common(prefix, pt.prefix)
		}
		list = nil
	}
	list = append(list, pattern{number, bytes.Clone(prefix)})
	p.list.Store(&list)
}

// learn takes over the purges that another process has made. One with a number below those that are
// kept here gets a new one: what they do not mean may have been looked at already. p.mu is held.
func (p *purges) learn(found []pattern) {
	for _, pt := range found {
		p.saw(pt.number)
		if p.covers(pt) {
			continue
		}
		if pt.number <= p.pending() {
			pt.number = p.next()
		}
		p.put(pt.number, pt.prefix)
	}
}

// covers reports whether a purge that is kept means all that pt does.
func (p *purges) covers(pt pattern) bool {
	if list := p.list.Load(); list != nil {
		for _, own := range *list {
			if own.number >= pt.number && bytes.HasPrefix(pt.prefix, own.prefix) {
				return true
			}
		}
	}
	return false
}

// common is what two texts begin with.
func common(a, b []byte) []byte {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// above are the purges with higher numbers.
func above(list []pattern, number uint64) (rest []pattern) {
	for _, pt := range list {
		if pt.number > number {
			rest = append(rest, pt)
		}
	}
	return rest
}

// pending is the number of the latest purge of a prefix that is kept, 0: none is.
func (p *purges) pending() uint64 {
	if list := p.list.Load(); list != nil && len(*list) > 0 {
		return (*list)[len(*list)-1].number
	}
	return 0
}

// Purge removes the entry of a key, with its variants, and reports whether there was one. A
// response that is being stored for the key meanwhile is dropped.
func (z *Zone) Purge(o diskfile.Owner, key Key) (found bool) {
	z.purge.next()
	path := string(z.opts.Load().appendPath(nil, &key))
	s := z.index.shard(&key)
	s.mu.Lock()
	n := s.nodes[key]
	if n == nil {
		s.mu.Unlock()
		return remove(o, path) // the loader may not have seen it
	}
	s.lockFile(n)
	n.purged++
	n.status = 0
	z.forget(n)
	s.mu.Unlock()
	found = remove(o, path)
	s.mu.Lock()
	s.unlockFile(n)
	z.dropUnused(s, n)
	s.mu.Unlock()
	return found
}

// forget makes a node one without a file. Its shard is locked.
func (z *Zone) forget(n *node) {
	z.hot.drop(n)
	n.exists = false
	z.setBlocks(n, 0)
}

// dropUnused takes a node out that no request holds and that has no file. Its shard is locked.
func (z *Zone) dropUnused(s *shard, n *node) {
	if n.refs == 0 && !n.busy && !n.exists && n.status == 0 && s.nodes[n.key] == n {
		s.remove(n)
		z.index.count.Add(-1)
	}
}

// PurgePrefix removes all entries whose key's text begins with prefix: what *_cache_purge does
// with a key that ends with an asterisk, which is not part of prefix. They are misses at once.
// Their files are removed when they are asked for, or inactive, or, with purger=on, by the
// purger.
func (z *Zone) PurgePrefix(o diskfile.Owner, prefix []byte) {
	z.changePurges(o, 0, func(p *purges) { p.put(p.next(), prefix) })
	select {
	case z.purgeKick <- struct{}{}:
	default:
	}
}
