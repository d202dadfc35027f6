package tlsconf

import (
	"container/list"
	"sync"
	"time"
)

// sessionID is what a client holds in place of a session: an index into a
// SessionCache that cannot be guessed.
type sessionID [32]byte

// sessionOverhead is about what an entry costs beside its state, so that a
// megabyte holds the 4000 sessions nginx's documentation speaks of.
const sessionOverhead = 96

// A SessionCache holds TLS sessions on the server: `ssl_session_cache` of the
// kinds builtin and shared. When full, or when they expire, the oldest sessions
// go first. It is safe for concurrent use; servers that name the same zone share
// one, also over a reload.
type SessionCache struct {
	maxBytes int64
	maxCount int

	mu    sync.Mutex
	bytes int64
	order list.List // of *session, oldest first
	byID  map[sessionID]*list.Element
}

// A session is the serialised state of one session.
type session struct {
	id      sessionID
	state   []byte
	expires time.Time
}

// NewSharedCache returns the cache of a zone of size bytes.
func NewSharedCache(size int64) *SessionCache {
	return &SessionCache{maxBytes: size, byID: map[sessionID]*list.Element{}}
}

// NewBuiltinCache returns a cache for a number of sessions.
func NewBuiltinCache(sessions int) *SessionCache {
	return &SessionCache{maxCount: sessions, byID: map[sessionID]*list.Element{}}
}

// Len returns the number of sessions held, expired ones included until something
// is stored.
func (c *SessionCache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

// store adds a session; the cache keeps state.
func (c *SessionCache) store(id sessionID, state []byte, now, expires time.Time) {
	s := &session{id, state, expires}
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Front(); e != nil && !now.Before(e.Value.(*session).expires); e = c.order.Front() {
		c.remove(e)
	}
	for c.order.Len() > 0 && c.full(s.cost()) {
		c.remove(c.order.Front())
	}
	if c.full(s.cost()) {
		return
	}
	c.byID[id] = c.order.PushBack(s)
	c.bytes += s.cost()
}

// lookup returns the state of a live session, or nil.
func (c *SessionCache) lookup(id sessionID, now time.Time) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		return nil
	}
	s := e.Value.(*session)
	if !now.Before(s.expires) {
		c.remove(e)
		return nil
	}
	return s.state
}

// full reports whether a session of a cost does not fit.
func (c *SessionCache) full(cost int64) bool {
	return c.maxBytes > 0 && c.bytes+cost > c.maxBytes || c.maxCount > 0 && c.order.Len() >= c.maxCount
}

// remove takes an entry out.
func (c *SessionCache) remove(e *list.Element) {
	s := c.order.Remove(e).(*session)
	delete(c.byID, s.id)
	c.bytes -= s.cost()
}

// cost is what s counts against the size of a zone.
func (s *session) cost() int64 { return int64(len(s.state)) + sessionOverhead }
