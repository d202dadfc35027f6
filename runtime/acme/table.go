package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/gob"
	"slices"
	"sync"
	"sync/atomic"
)

// Table is what is served of the orders of a process: one for all configurations. It is safe
// for concurrent use; what requests and handshakes ask takes no lock.
type Table struct {
	challenges atomic.Pointer[challenges]

	mu      sync.Mutex
	entries map[string]*Entry // by Order.key; those of a configuration, and those that were sent
	changes changes
	hooks   hooks
}

// changes number the states of a Table, so that a process which gets them knows what is new.
type changes struct {
	certificates, challenges uint64        // the state
	confirmed                uint64        // the state of the challenges that those who serve have
	follow                   func()        // called after each change; nil where this process serves
	failed                   []uint64      // marks of hooks, with confirmed
	moved                    chan struct{} // closed and replaced when confirmed changes
}

// challenges are the answers to what CAs ask at the moment. They do not change.
type challenges struct {
	http map[string][]byte     // by token
	alpn map[string]*challenge // by the name in the handshake

	hooks map[Hook]bool
}

// challenge is one answer.
type challenge struct {
	Name  Name
	Token string // of http-01; "" for tls-alpn-01
	Auth  []byte // the key authorization (RFC 8555, 8.1)
	Hook  Hook   // what is called; then the others are zero

	cert *tls.Certificate // of tls-alpn-01
}

// NewTable returns an empty Table.
func NewTable() *Table {
	t := &Table{entries: map[string]*Entry{}}
	t.changes.moved = make(chan struct{})
	t.hooks.ready, t.hooks.calls = make(chan struct{}), map[Hook]*hookCall{}
	t.challenges.Store(&challenges{})
	return t
}

// Entry returns the place of an order's certificate, which outlives configurations.
func (t *Table) Entry(o *Order) *Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entry(o.key())
	if e.names == nil {
		e.names = o.Names
	}
	return e
}

func (t *Table) entry(key string) *Entry {
	e := t.entries[key]
	if e == nil {
		e = &Entry{}
		t.entries[key] = e
	}
	return e
}

// Set makes c the certificate of an order.
func (t *Table) Set(o *Order, c *Certificate) {
	t.Entry(o).live.Store(c)
	t.mu.Lock()
	t.changes.certificates++
	t.mu.Unlock()
	t.tell()
}

// Keep drops the entries that none of plans has. Connections under an earlier configuration
// keep what they have.
func (t *Table) Keep(plans ...*Plan) {
	wanted := map[string]bool{}
	for _, p := range plans {
		if p == nil {
			continue
		}
		for _, i := range p.Issuers {
			for _, o := range i.Orders {
				wanted[o.key()] = true
			}
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.entries {
		if !wanted[key] {
			delete(t.entries, key)
		}
	}
}

// HTTP returns the answer for a token of http-01 (RFC 8555, 8.3).
func (t *Table) HTTP(token []byte) (answer []byte, ok bool) {
	answer, ok = t.challenges.Load().http[string(token)]
	return answer, ok
}

// Follow makes this Table one that others serve: changed is called after each change, by the
// goroutine that made it, and must not wait. Those who serve are sent Certificates and Challenges.
func (t *Table) Follow(changed func()) {
	t.mu.Lock()
	t.changes.follow = changed
	t.mu.Unlock()
}

func (t *Table) tell() {
	t.mu.Lock()
	follow := t.changes.follow
	t.mu.Unlock()
	if follow != nil {
		follow()
	}
}

// Versions are the numbers of the states that Certificates and Challenges return.
func (t *Table) Versions() (certificates, challenges uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changes.certificates, t.changes.challenges
}

// Confirm says that those who serve have the answers of a state, and which hooks have failed.
func (t *Table) Confirm(challenges uint64, failed []uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if challenges > t.changes.confirmed && challenges <= t.changes.challenges {
		t.changes.confirmed, t.changes.failed = challenges, failed
		close(t.changes.moved)
		t.changes.moved = make(chan struct{})
	}
}

// Served waits until those who serve have the answers as they are now and all hooks have returned, or ctx ends. The error
// tells that one of list has failed.
func (t *Table) Served(ctx context.Context, list []Hook) error {
	failed := t.served(ctx)
	for _, h := range list {
		if slices.Contains(failed, h.mark()) {
			return errHook
		}
	}
	return nil
}

// served returns the marks of the hooks that have failed.
func (t *Table) served(ctx context.Context) []uint64 {
	t.mu.Lock()
	if t.changes.follow == nil {
		t.mu.Unlock()
		return t.Hooked(ctx)
	}
	defer t.mu.Unlock()
	want := t.changes.challenges
	for t.changes.confirmed < want && ctx.Err() == nil {
		moved := t.changes.moved
		t.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
		}
		t.mu.Lock()
	}
	return t.changes.failed
}

// sent are certificates or answers on their way to another process.
type sent struct {
	State        uint64
	Certificates map[string]pair
	Challenges   []challenge
}

// pair is a certificate as PEM.
type pair struct{ Chain, Key []byte }

// Certificates returns all certificates with their keys, for TakeCertificates.
func (t *Table) Certificates() []byte {
	t.mu.Lock()
	s := sent{State: t.changes.certificates, Certificates: map[string]pair{}}
	for key, e := range t.entries {
		if c := e.live.Load(); c != nil {
			s.Certificates[key] = pair{c.Chain, c.Key}
		}
	}
	t.mu.Unlock()
	return pack(&s)
}

// Challenges returns all answers, for TakeChallenges.
func (t *Table) Challenges() []byte {
	t.mu.Lock()
	s := sent{State: t.changes.challenges}
	now := t.challenges.Load()
	t.mu.Unlock()
	for token, auth := range now.http {
		s.Challenges = append(s.Challenges, challenge{Token: token, Auth: auth})
	}
	for _, c := range now.alpn {
		s.Challenges = append(s.Challenges, challenge{Name: c.Name, Auth: c.Auth})
	}
	for h := range now.hooks {
		s.Challenges = append(s.Challenges, challenge{Hook: h})
	}
	return pack(&s)
}

func pack(s *sent) []byte {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		return nil // the types are fixed, and a buffer takes everything
	}
	return b.Bytes()
}

// TakeCertificates makes the certificates of another process those of t, unless they are older than
// what t has.
func (t *Table) TakeCertificates(b []byte) error {
	var s sent
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.State < t.changes.certificates {
		return nil
	}
	t.changes.certificates = s.State
	for key, p := range s.Certificates {
		e := t.entry(key)
		if old := e.live.Load(); old != nil && bytes.Equal(old.Chain, p.Chain) && bytes.Equal(old.Key, p.Key) {
			continue
		}
		c, err := Parse(p.Chain, p.Key)
		if err != nil {
			return err
		}
		e.live.Store(c)
	}
	return nil
}

// TakeChallenges makes the answers of another process those of t, unless they are older. It
// returns the number of the state, for Confirm.
func (t *Table) TakeChallenges(b []byte) (state uint64, err error) {
	var s sent
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return 0, err
	}
	next := newChallenges()
	for i := range s.Challenges {
		if err := next.add(&s.Challenges[i]); err != nil {
			return 0, err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.State >= t.changes.challenges {
		t.changes.challenges = s.State
		t.challenges.Store(next)
		t.callHooks(next)
	}
	return s.State, nil
}
