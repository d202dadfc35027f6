package cache

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// The purger looks through all entries after a purge of a prefix, and removes those that it
// means: purger=on. Without it they go when they are asked for, or when they are inactive.

// purgerWait is how often the purger looks whether the loader is done.
const purgerWait = time.Second

// retireEvery is how often the manager looks whether a purge is over, which goes through the index.
const retireEvery = time.Minute

// purgeFiles is the purger's goroutine.
func (z *Zone) purgeFiles() {
	for {
		select {
		case <-z.stop:
			return
		case <-z.purgeKick:
		}
		for z.cold.Load() {
			if !z.sleep(purgerWait) {
				return
			}
		}
		if z.opts.Load().Purge && !z.scan() {
			return
		}
	}
}

// scan goes through all entries once. False: Close was called.
func (z *Zone) scan() bool {
	r := begin(&z.opts.Load().Purger)
	var keys []Key
	for i := range z.index.shards {
		s := &z.index.shards[i]
		keys = s.mayBePurged(keys[:0], z.purge.pending())
		for k := range keys {
			z.examine(s, &keys[k])
			if !r.over() {
				continue
			}
			o := z.opts.Load()
			if !z.sleep(o.Purger.Sleep) {
				return false
			}
			r = begin(&o.Purger)
		}
	}
	z.retireNow()
	return true
}

// mayBePurged appends the keys of the entries that a purge up to a number may mean.
func (s *shard) mayBePurged(keys []Key, number uint64) []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.nodes {
		if (n.exists || n.busy) && n.clean < number {
			keys = append(keys, n.key)
		}
	}
	return keys
}

// examine reads one entry and removes it if a purge means it.
func (z *Zone) examine(s *shard, key *Key) {
	s.mu.Lock()
	n := s.nodes[*key]
	if n == nil || !n.exists || n.busy {
		s.mu.Unlock()
		return
	}
	n.refs++
	s.mu.Unlock()
	r := Ref{zone: z, shard: s, node: n, key: *key, minUses: 1}
	defer r.Release()
	latest := z.purge.pending()
	img, errno := z.load(r.path())
	if errno != 0 {
		r.missing()
		return
	}
	defer img.release()
	if img.err == nil {
		if purged, _ := z.purge.means(img); purged {
			r.discard(z, &img.st)
			return
		}
	}
	r.isClean(latest) // also one that cannot be read: it is not used
}

// retirePurges forgets purges of prefixes, now and then, when no entry is left that they may mean.
func (z *Zone) retirePurges() {
	if now := clock.Mono(); z.purge.pending() != 0 && now-z.retired >= int64(retireEvery) {
		z.retired = now
		z.retireNow()
	}
}

func (z *Zone) retireNow() {
	z.learnPurges()
	latest := z.purge.pending()
	if latest == 0 || z.cold.Load() {
		return
	}
	z.purge.retired.Store(latest) // before the index is read: what is placed later is compared with it
	for i := range z.index.shards {
		if len(z.index.shards[i].mayBePurged(nil, latest)) > 0 {
			return
		}
	}
	z.changePurges(z, latest, func(p *purges) {
		list := above(*p.list.Load(), latest)
		p.list.Store(&list)
	})
}
