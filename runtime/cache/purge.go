package cache

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Purges are numbered. Each entry has the number of the purge before it was asked for; a purge
// of a prefix means the entries with lower numbers. What was purged is kept, in memory and in a
// file, until no such entry can be left.

// purges are the purges of a zone.
type purges struct {
	number atomic.Uint64 // of the latest
	mu     sync.Mutex    // for changing list
	list   atomic.Pointer[[]pattern]
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

// add keeps a purge of a prefix. The list is in the order of the numbers.
func (p *purges) add(prefix []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	list = append(list, pattern{p.next(), bytes.Clone(prefix)})
	p.list.Store(&list)
}

// common is what two texts begin with.
func common(a, b []byte) []byte {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// retire forgets the purges up to a number: no entry that they mean is left.
func (p *purges) retire(number uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []pattern
	for _, pt := range *p.list.Load() {
		if pt.number > number {
			list = append(list, pt)
		}
	}
	p.list.Store(&list)
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
	z.purge.add(prefix)
	z.savePurges(o)
	select {
	case z.purgeKick <- struct{}{}:
	default:
	}
}

// purgeFile is where the purges of prefixes are kept, so that they hold after a restart. It
// begins with a dot: what looks for entries does not see it.
const purgeFile = "/.purged"

// savePurges writes the purges of prefixes: magic, then for each its number, the length of the
// prefix, and the prefix; at the end CRC-32C of it all.
func (z *Zone) savePurges(o diskfile.Owner) {
	p := &z.purge
	p.mu.Lock()
	defer p.mu.Unlock()
	path := z.opts.Load().Dir + purgeFile
	list := *p.list.Load()
	if len(list) == 0 {
		remove(o, path)
		return
	}
	b := append([]byte(nil), magic[:]...)
	for _, pt := range list {
		b = binary.LittleEndian.AppendUint64(b, pt.number)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(pt.prefix)))
		b = append(b, pt.prefix...)
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crcTable))
	err := diskfile.Replace(path, 0o600, func(w *bufio.Writer) { _, _ = w.Write(b) })
	if err != nil {
		call, name := diskfile.Failure(err)
		o.Logf(errlog.Crit, err, `%s() "%s" failed`, call, name)
	}
}

// loadPurges reads what savePurges has written. What is damaged counts as a purge of everything.
func (z *Zone) loadPurges() {
	b, err := os.ReadFile(z.opts.Load().Dir + purgeFile)
	if err != nil {
		return // mostly there is none
	}
	list, ok := readPurges(b)
	if !ok {
		list = []pattern{{z.purge.next(), nil}}
	}
	for _, pt := range list {
		z.purge.saw(pt.number)
	}
	z.purge.list.Store(&list)
}

func readPurges(b []byte) (list []pattern, ok bool) {
	n := len(b) - 4
	if n < len(magic) || [8]byte(b) != magic || binary.LittleEndian.Uint32(b[n:]) != crc32.Checksum(b[:n], crcTable) {
		return nil, false
	}
	for b = b[len(magic):n]; len(b) > 0; {
		if len(b) < 12 {
			return nil, false
		}
		number, length := binary.LittleEndian.Uint64(b), int64(binary.LittleEndian.Uint32(b[8:]))
		if b = b[12:]; length > int64(len(b)) {
			return nil, false
		}
		list = append(list, pattern{number, bytes.Clone(b[:length])})
		b = b[length:]
	}
	return list, true
}
