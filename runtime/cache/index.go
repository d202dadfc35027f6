package cache

import (
	"sync"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/linked"
)

// The index has a node for each key, in shards with a lock each, so that requests for
// different keys rarely wait for each other. Within a shard nodes are in the order of
// their last use; each has the time of it, by which the oldest of all is found.

const shards = 64

type index struct {
	shards [shards]shard
	max    int64 // how many nodes there may be
	count  atomic.Int64
	// watermark is how many nodes there may be after the manager has run: math.MaxInt64
	// until the index has been full.
	watermark atomic.Int64
}

type shard struct {
	mu    sync.Mutex
	idle  sync.Cond // a node's file is not busy any more
	nodes map[Key]*node
	root  node // of the ring of nodes: next is the one that was used last
	_     [64]byte
}

// node is what the index knows of a key. The shard's lock guards it. It takes 144 bytes, and about
// 40 in the map, where nginx's takes 128.
type node struct {
	key        Key
	prev, next *node
	used       int64 // when it was last asked for, of clock.Mono

	refs     int32 // Refs that hold it
	uses     int16 // up to maxUses, for min_uses
	status   int16 // a status that is cached without a response, 0: none
	exists   bool  // there is a file, as far as is known
	busy     bool  // the file is being renamed, removed or rewritten: see lockFile
	updating bool  // a request asks the peer for the response
	lockID   uint32
	purged   uint32 // how often the key was purged: what is filled meanwhile is dropped

	blocks      int64 // of the file
	statusValid int64 // how long status is cached, Unix seconds
	lockUntil   int64 // when another may take the lock, of clock.Mono
	waiters     linked.List[waiter, *waiter]

	clean    uint64 // the number of the latest purge of a prefix that does not mean the file
	verified fileID // of the file whose body is known to have its checksum
	image    *image // contents or descriptor that are kept, nil: none
}

// fileID identifies one state of a file.
type fileID struct {
	ino   uint64
	mtime int64
}

// maxUses is where counting ends, as in nginx.
const maxUses = 1023

// What nginx's slab allocator makes of a zone: pages of 32 nodes after the allocator's own
// tables, where one page holds the name of the zone and one slot the zone's head.
const (
	slabTables   = 700
	slabPage     = 4096 + 24
	nodesPerPage = 4096 / 128
)

// capacity is how many nodes a zone of size bytes holds.
func capacity(size int64) int64 {
	return max(((size-slabTables)/slabPage-1)*nodesPerPage-1, 1)
}

func (x *index) init(limit int64) {
	x.max = limit
	x.watermark.Store(noWatermark)
	for i := range x.shards {
		s := &x.shards[i]
		s.idle.L = &s.mu
		s.nodes = map[Key]*node{}
		s.root.prev, s.root.next = &s.root, &s.root
	}
}

// shard is where the node of a key belongs. The first byte decides: MD5 spreads evenly.
func (x *index) shard(k *Key) *shard { return &x.shards[k[0]%shards] }

// add makes the node of a key that has none; the caller has reserved it in x.count.
func (s *shard) add(k *Key, now int64) *node {
	n := &node{key: *k, used: now}
	s.nodes[*k] = n
	s.link(n)
	return n
}

// remove takes a node out; the caller counts it off.
func (s *shard) remove(n *node) {
	s.unlink(n)
	delete(s.nodes, n.key)
}

// touch makes n the one that was used last.
func (s *shard) touch(n *node, now int64) {
	n.used = now
	if s.root.next != n {
		s.unlink(n)
		s.link(n)
	}
}

// usedNow makes all nodes count as used now. Their order stays.
func (x *index) usedNow(now int64) {
	for i := range x.shards {
		s := &x.shards[i]
		s.mu.Lock()
		for n := s.root.next; n != &s.root; n = n.next {
			n.used = now
		}
		s.mu.Unlock()
	}
}

func (s *shard) link(n *node) {
	n.prev, n.next = &s.root, s.root.next
	n.prev.next, n.next.prev = n, n
}

func (s *shard) unlink(n *node) {
	n.prev.next, n.next.prev = n.next, n.prev
	n.prev, n.next = nil, nil
}

// lockFile makes the file of n the caller's, so that two do not rename, rewrite or remove
// it at once. The caller holds the shard's lock, which is given back while it waits.
func (s *shard) lockFile(n *node) {
	for n.busy {
		s.idle.Wait()
	}
	n.busy = true
}

// unlockFile ends what lockFile began.
func (s *shard) unlockFile(n *node) {
	n.busy = false
	s.idle.Broadcast()
}

// setBlocks says how many blocks the file of n takes, 0 without one.
func (z *Zone) setBlocks(n *node, blocks int64) {
	z.blocks.Add(blocks - n.blocks)
	n.blocks = blocks
}
