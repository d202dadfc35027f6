package pairs

import (
	"hash/maphash"
	"net/netip"
	"slices"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Type says how the key of a look-up matches the keys of the records.
type Type uint8

// The types.
const (
	String Type = iota // the same text
	IP                 // the address or network is in the record's network
	Prefix             // it begins with the record's key
)

// ParseType reads the name of a type.
func ParseType(text string) (t Type, ok bool) {
	i := slices.Index([]string{"string", "ip", "prefix"}, text)
	return Type(max(i, 0)), i >= 0
}

// lengths are the different lengths of keys or of networks, the longest first: a
// look-up for the longest match tries them one after the other. Look-ups read
// list, which is never changed; count belongs to the writers.
type lengths struct {
	list  []int
	count []int // records of each length of list
}

// with returns the lengths when one record of length n has come (by is 1) or has
// gone (-1): others only if that changes list, so that many records of many lengths
// are added in time.
func (l *lengths) with(n, by int) *lengths {
	i, there := slices.BinarySearchFunc(l.list, n, func(a, b int) int { return b - a })
	if there && l.count[i]+by > 0 {
		l.count[i] += by
		return l
	}
	out := &lengths{slices.Clone(l.list), slices.Clone(l.count)}
	if !there {
		out.list, out.count = slices.Insert(out.list, i, n), slices.Insert(out.count, i, 0)
	}
	if out.count[i] += by; out.count[i] == 0 {
		out.list, out.count = slices.Delete(out.list, i, i+1), slices.Delete(out.count, i, i+1)
	}
	return out
}

// ipv4 is added to the length of an IPv4 network, so that networks of both
// families are apart.
const ipv4 = 256

// network is the network that a record's key names.
type network struct {
	net netip.Prefix // invalid when the key names none
}

// parseNetwork reads an address or a network in the textual form. An IPv4
// address in an IPv6 one is an IPv4 address.
func parseNetwork(text []byte) netip.Prefix {
	ip, bits, masked := text, -1, false
	if i := slices.Index(text, '/'); i >= 0 {
		ip, masked = text[:i], true
		if bits = number(text[i+1:]); bits < 0 {
			return netip.Prefix{}
		}
	}
	a, ok := netaddr.ParseIP(ip)
	if !ok {
		return netip.Prefix{}
	}
	if !masked {
		bits = a.BitLen()
	}
	if a.Is4In6() && bits >= 96 {
		a, bits = a.Unmap(), bits-96
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// number reads a decimal number of up to three digits, -1 for anything else.
func number(text []byte) int {
	if len(text) == 0 || len(text) > 3 {
		return -1
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// length is a network's length among lengths.
func (n *network) length() int {
	if n.net.Addr().Is4() {
		return ipv4 + n.net.Bits()
	}
	return n.net.Bits()
}

func (h hasher) network(p netip.Prefix) uint64 {
	var b [17]byte
	ip := p.Addr().As16()
	copy(b[:], ip[:])
	b[16] = byte(p.Bits())
	return maphash.Bytes(h.seed, b[:])
}

// network returns the youngest record of a network, nil without one.
func (t *table) network(hash uint64, p netip.Prefix) *record {
	b := t.head.Load()
	if b == nil {
		return nil
	}
	for n := b.list(hash).Load(); n != nil; n = n.next.Load() {
		if n.hash == hash && n.rec.net == p {
			return n.rec
		}
	}
	return nil
}

// byNetwork returns the record of the longest network that key is in.
func (s *Store) byNetwork(key []byte, l *lengths) *record {
	p := parseNetwork(key)
	if !p.IsValid() {
		return nil
	}
	for _, n := range l.list {
		if is4 := n >= ipv4; is4 != p.Addr().Is4() {
			continue
		} else if is4 {
			n -= ipv4
		}
		if n > p.Bits() {
			continue
		}
		if wide, err := p.Addr().Prefix(n); err == nil {
			if r := s.networks.network(s.hash.network(wide), wide); r != nil {
				return r
			}
		}
	}
	return nil
}

// byPrefix returns the record of the longest key that key begins with. Whoever sends the key chooses its length, and may
// have added keys of many lengths, so that one which is long is hashed once: h takes every byte.
func (s *Store) byPrefix(key []byte, l *lengths, h *prefixHash) *record {
	if len(key) > shortKey {
		return s.byLongPrefix(key, l, h)
	}
	for _, n := range l.list {
		if n > len(key) {
			continue
		}
		if r := s.texts.text(s.hash.text(key[:n]), key[:n]); r != nil {
			return r
		}
	}
	return nil
}

// shortKey is the length up to which a hash of each prefix, which is faster to have, costs less than one that goes on.
const shortKey = 128

// byLongPrefix tries the shortest length first, and compares one key at the end.
func (s *Store) byLongPrefix(key []byte, l *lengths, h *prefixHash) *record {
	h.begin(s.hash)
	var found *record
	for i := len(l.list) - 1; i >= 0 && l.list[i] <= len(key); i-- {
		if r := s.texts.long(h.upTo(key, l.list[i]), l.list[i]); r != nil {
			found = r
		}
	}
	if found == nil {
		return nil
	}
	if n := len(found.key); found.key != string(key[:n]) { // another key that has the same hash
		return s.byPrefix(key[:n-1], l, h)
	}
	return found
}

// prefixHash computes the hashes of longer and longer prefixes of a key, as hasher.text does of each.
type prefixHash struct {
	hash  maphash.Hash
	taken int // bytes of the key that are in hash
}

func (h *prefixHash) begin(with hasher) {
	h.hash.SetSeed(with.seed)
	h.taken = 0
}

// upTo returns the hash of the first n bytes; n is not less than the last time.
func (h *prefixHash) upTo(key []byte, n int) uint64 {
	_, _ = h.hash.Write(key[h.taken:n]) // which cannot fail
	h.taken = n
	return h.hash.Sum64()
}

// index adds a record to, or with by -1 takes it out of, what its type needs.
func (s *Store) index(r *record, by int) {
	n := len(r.key)
	switch s.opt.Type {
	case IP:
		if !r.net.IsValid() {
			return
		}
		n = r.length()
		if hash := s.hash.network(r.net); by > 0 {
			s.networks.insert(hash, r)
		} else {
			s.networks.remove(hash, r)
		}
	case String:
		return
	}
	s.lengths.Store(s.lengths.Load().with(n, by))
}

// fits reports whether a key can be found in a store of the type.
func (t Type) fits(key string) bool {
	return t != IP || parseNetwork([]byte(key)).IsValid()
}
