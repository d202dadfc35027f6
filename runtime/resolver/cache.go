package resolver

import (
	"net/netip"

	"github.com/sluiceproxy/sluice/runtime/linked"
)

// A kind is what a lookup asks for.
type kind uint8

const (
	kindName kind = iota // A and AAAA
	kindSRV
	kindAddr // PTR
)

// A key names an answer. The name is in lower case, without a final dot.
type key struct {
	kind kind
	name string
}

// keep is for how many seconds an unused answer is kept.
const keep = 30

// An entry is what is known about a key: the last answer, a lookup under way, or
// both. Resolver.mu guards it.
type entry struct {
	key
	linked.Links[entry] // in the list of the kind, while res is set and flight is not

	res    *result // nil: none yet
	flight *flight // nil: nothing under way
	expire int64   // when to forget it, in Unix seconds
}

// A result is a successful answer. It is never changed.
type result struct {
	valid int64 // until when it holds, in Unix seconds
	v4    []netip.Addr
	v6    []netip.Addr
	alias string // CNAME, when there is nothing else
	name  string // PTR
	srv   []srvRecord
}

// touch moves an entry to the front of its list.
func (r *Resolver) touch(e *entry, now int64) {
	r.unlist(e)
	e.expire = now + keep
	r.lru[e.kind].PushFront(e)
}

// unlist takes an entry out of its list.
func (r *Resolver) unlist(e *entry) { r.lru[e.kind].Remove(e) }

// drop forgets an entry.
func (r *Resolver) drop(e *entry) {
	r.unlist(e)
	delete(r.entries, e.key)
}

// expire removes up to two answers that have not been used for keep seconds; every
// lookup calls it, so that the cache shrinks as it is used.
func (r *Resolver) expire(k kind, now int64) {
	for range 2 {
		e := r.lru[k].Last()
		if e == nil || now <= e.expire {
			return
		}
		r.drop(e)
	}
}
