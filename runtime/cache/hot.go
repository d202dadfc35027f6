package cache

import (
	"sync"
	"time"
)

// maxDescriptors is how many files of a zone are kept open.
const maxDescriptors = 64

// idleDescriptor is for how long an unused file is kept open: the space of one that
// was removed by hand is free then.
const idleDescriptor = 10 * time.Second

// hotSet bounds what the nodes of a zone keep of their files: bytes, and descriptors. What goes
// first is what was taken in first, but one that was used since it was last looked at stays for
// another turn (the clock algorithm). A shard's lock may be held when mu is taken, not the other
// way round.
type hotSet struct {
	limit       int64 // bytes
	descriptors int   // descriptors

	mu    sync.Mutex
	root  image // of the ring: next is the oldest
	bytes int64
	files int

	closed bool // nothing is kept any more
}

func (h *hotSet) init(limit int64, descriptors int) {
	h.limit, h.descriptors = limit, descriptors
	h.root.next, h.root.prev = &h.root, &h.root
}

// add takes in an image that a node has been given, and returns those that have to go. No shard is
// locked.
func (h *hotSet) add(i *image) (evicted []*image) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case i.gone:
		return nil
	case h.closed:
		i.gone = true
		return []*image{i}
	}
	h.push(i)
	for h.bytes > h.limit || h.files > h.descriptors {
		old := h.root.next
		h.take(old)
		if old.used.Swap(false) { // so it ends: requests do not set it as fast
			h.push(old)
			continue
		}
		old.gone = true
		evicted = append(evicted, old)
	}
	return evicted
}

func (h *hotSet) push(i *image) {
	i.prev, i.next = h.root.prev, &h.root
	i.prev.next, i.next.prev = i, i
	h.bytes += i.cost()
	if i.fd >= 0 {
		h.files++
	}
}

func (h *hotSet) take(i *image) {
	i.prev.next, i.next.prev = i.next, i.prev
	i.prev, i.next = nil, nil
	h.bytes -= i.cost()
	if i.fd >= 0 {
		h.files--
	}
}

// idle takes out the images with descriptors that were not asked for lately.
func (h *hotSet) idle(now int64) (evicted []*image) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := h.root.next; i != &h.root; {
		next := i.next
		if i.fd >= 0 && now-i.seen.Load() > int64(idleDescriptor) {
			h.take(i)
			i.gone = true
			evicted = append(evicted, i)
		}
		i = next
	}
	return evicted
}

// close takes out all images: nothing is kept from now on.
func (h *hotSet) close() (evicted []*image) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for i := h.root.next; i != &h.root; i = h.root.next {
		h.take(i)
		i.gone = true
		evicted = append(evicted, i)
	}
	return evicted
}

// drop forgets what a node keeps. The node's shard is locked.
func (h *hotSet) drop(n *node) {
	i := n.image
	if i == nil {
		return
	}
	n.image = nil
	h.mu.Lock()
	if !i.gone && i.next != nil {
		h.take(i)
	}
	i.gone = true
	h.mu.Unlock()
	i.release()
}

// keep gives an image to the node n, which r holds, and makes room for it.
func (z *Zone) keep(s *shard, n *node, i *image) {
	if i.cost() > z.hot.limit {
		return
	}
	s.mu.Lock()
	if n.busy || !n.exists || n.image != nil && same(&n.image.st, &i.st) { // another one may have read it, too
		s.mu.Unlock()
		return
	}
	z.hot.drop(n)
	i.refs.Add(1)
	n.image = i
	s.mu.Unlock()
	z.evict(z.hot.add(i))
}

// evict takes images from their nodes. No lock is held.
func (z *Zone) evict(evicted []*image) {
	for _, i := range evicted {
		s := z.index.shard(&i.key)
		s.mu.Lock()
		if n := s.nodes[i.key]; n != nil && n.image == i {
			z.hot.drop(n)
		}
		s.mu.Unlock()
	}
}
