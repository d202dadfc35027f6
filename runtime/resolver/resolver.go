package resolver

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/linked"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// maxAliases bounds the CNAMEs followed for one name, as in nginx.
const maxAliases = 50

// negativeValid is the validity that is reported for a failure where `valid=` sets
// none.
const negativeValid = 10 * time.Second

// A Resolver looks names up and remembers the answers. It is safe for concurrent
// use. While nothing is looked up it has no goroutine and no socket.
type Resolver struct {
	Config
	counters counters
	server   atomic.Uint32 // the next to ask first

	mu      sync.Mutex
	entries map[key]*entry
	lru     [3]linked.List[entry, *entry] // by kind, the least recently used last
	closed  bool

	closing chan struct{}  // closed by Close
	flights sync.WaitGroup // goroutines of lookups on the wire
}

// New returns a Resolver for c. Close it to end what it has on the wire.
func New(c Config) *Resolver {
	if c.Dial == nil {
		c.Dial = dial
	}
	if c.Log == nil {
		c.Log = func(string) {}
	}
	return &Resolver{Config: c, entries: map[key]*entry{}, closing: make(chan struct{})}
}

// dial is the default of Config.Dial.
func dial(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, server.String())
}

// Close ends every lookup with ErrClosed and waits for the goroutines behind
// them.
func (r *Resolver) Close() {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.closing)
	}
	r.mu.Unlock()
	r.flights.Wait()
}

// A Wait bounds how long a caller waits for an answer.
type Wait struct {
	// Timeout is resolver_timeout; 0 waits for as long as it takes.
	Timeout time.Duration
	// Cancel ends the wait when it is closed, or one wait when a value comes; nil
	// never does. A lookup on the wire goes on for others, and for the cache.
	Cancel <-chan struct{}
	// Failed is called for each host of a service that could not be resolved, unless it is nil.
	Failed func(err *Error)
}

// Resolve appends the addresses of name to dst. Names are compared without
// regard to case; an IPv4 address is its own answer. Addresses from the cache
// are rotated at random, IPv4 and IPv6 each among themselves, so that callers
// that take the first spread over all. valid is until when the answer holds; it
// is zero for an address. A cached answer costs no allocation.
//
// The error is an *Error, ErrNoServers, ErrCancelled or ErrClosed.
func (r *Resolver) Resolve(dst []netip.Addr, name string, w Wait) (addrs []netip.Addr, valid time.Time, err error) {
	if isIPv4(name) {
		if a, ok := netaddr.ParseIP([]byte(name)); ok {
			return append(dst, a), time.Time{}, nil
		}
	}
	lookup := strings.TrimSuffix(name, ".")
	res, cached, err := r.follow(key{kindName, lowered(lookup)}, lookup, &w)
	if err != nil {
		return dst, time.Time{}, err
	}
	return res.appendAddrs(dst, cached), time.Unix(res.valid, 0), nil
}

// ResolveAddr returns the name of an address.
func (r *Resolver) ResolveAddr(addr netip.Addr, w Wait) (name string, valid time.Time, err error) {
	addr = addr.Unmap()
	res, _, err := r.get(key{kindAddr, reverseName(addr)}, addr.String(), &w)
	if err != nil {
		return "", time.Time{}, err
	}
	return res.name, time.Unix(res.valid, 0), nil
}

// follow is get through CNAMEs.
func (r *Resolver) follow(k key, asked string, w *Wait) (res *result, cached bool, err error) {
	var deadline time.Time
	if w.Timeout > 0 {
		deadline = time.Now().Add(w.Timeout)
	}
	step := *w
	for range maxAliases + 1 {
		res, cached, err = r.get(k, asked, &step)
		if err != nil || res.alias == "" {
			return res, cached, err
		}
		k.name = res.alias
		if w.Timeout > 0 {
			step.Timeout = max(time.Until(deadline), 1)
		}
	}
	return nil, false, r.fail(asked, HostNotFound)
}

// get returns the answer for k: from the cache, from a lookup under way, or from a
// new one. asked is the name as it appears in messages.
func (r *Resolver) get(k key, asked string, w *Wait) (res *result, cached bool, err error) {
	now := time.Now().Unix()
	r.mu.Lock()
	e := r.entries[k]
	if e != nil && e.res != nil && e.res.valid >= now {
		res = e.res
		r.touch(e, now)
		r.expire(k.kind, now)
		r.mu.Unlock()
		return res, true, nil
	}
	switch {
	case r.closed:
		r.mu.Unlock()
		return nil, false, ErrClosed
	case len(r.Servers) == 0:
		r.mu.Unlock()
		return nil, false, ErrNoServers
	}
	if e == nil {
		e = &entry{key: k}
		r.entries[k] = e
	}
	f := e.flight
	if f == nil {
		f = r.newFlight(e)
		if f == nil {
			r.drop(e)
			r.mu.Unlock()
			return nil, false, r.fail(asked, HostNotFound)
		}
		r.flights.Go(f.fly)
	}
	f.waiters++
	r.mu.Unlock()
	res, err = r.await(f, asked, w)
	return res, false, err
}

// await waits for a lookup under way.
func (r *Resolver) await(f *flight, asked string, w *Wait) (res *result, err error) {
	var timeout <-chan time.Time
	if w.Timeout > 0 {
		timer := time.NewTimer(w.Timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-f.done:
		switch {
		case f.closed:
			err = ErrClosed
		case f.code != 0:
			err = r.fail(asked, f.code)
		default:
			res = f.res
		}
	case <-timeout:
		r.counters.timedOut.Add(1)
		err = r.fail(asked, TimedOut)
	case <-w.Cancel:
		err = ErrCancelled
	}
	r.mu.Lock()
	f.waiters--
	r.expire(f.entry.kind, time.Now().Unix())
	r.mu.Unlock()
	return res, err
}

// fail returns the error for a lookup.
func (r *Resolver) fail(name string, code Code) error {
	valid := r.Valid
	if valid == 0 {
		valid = negativeValid
	}
	return &Error{Name: name, Code: code, Valid: time.Now().Add(valid)}
}

// isIPv4 reports whether name has only digits and dots.
func isIPv4(name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; (c < '0' || c > '9') && c != '.' {
			return false
		}
	}
	return name != ""
}

// lowered folds ASCII letters; it allocates only if there are upper-case ones.
func lowered(name string) string {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			b := []byte(name)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return name
}

// appendAddrs appends the addresses of a result, rotated or as they came: IPv4
// first.
func (res *result) appendAddrs(dst []netip.Addr, rotate bool) []netip.Addr {
	n4, n6 := len(res.v4), len(res.v6)
	start, from4, from6 := 0, 0, 0
	if rotate && n4+n6 > 1 {
		start = rand.IntN(n4 + n6)
		from4, from6 = rand.IntN(max(n4, 1)), rand.IntN(max(n6, 1))
	}
	for i := range n4 + n6 {
		// The list is a ring of all IPv4, then all IPv6 addresses, cut at start.
		if p := (i - start + n4 + n6) % (n4 + n6); p < n4 {
			dst = append(dst, res.v4[(from4+p)%n4])
		} else {
			dst = append(dst, res.v6[(from6+p-n4)%n6])
		}
	}
	return dst
}
