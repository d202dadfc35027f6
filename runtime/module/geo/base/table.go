package base

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/sluiceproxy/sluice/runtime/flat"
)

// key is an address as a number; of an IPv4 address only lo is used.
type key struct{ hi, lo uint64 }

func keyOf(ip netip.Addr) key {
	if ip.Is4() {
		b := ip.As4()
		return key{lo: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := ip.As16()
	return key{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (k key) less(o key) bool { return k.hi < o.hi || k.hi == o.hi && k.lo < o.lo }

// next is the number after k.
func (k key) next() key {
	k.lo++
	if k.lo == 0 {
		k.hi++
	}
	return k
}

// table finds the value that holds at an address: it has the places at which the value changes, in order, the first of
// which is address 0. It may have hundreds of thousands, so places, values and the texts of these are kept apart, without
// pointers. Immutable.
type table struct {
	narrow []uint32 // the places of IPv4 addresses
	wide   []key    // the places of IPv6 addresses; only one of the two is used
	values []uint32 // by place: a number of texts plus one, 0 for no value
	places []uint64 // where in texts a number is
	texts  flat.Texts
}

// find returns the value that holds at k.
func (t *table) find(k key) []byte {
	low, high := 0, len(t.values)
	if t.wide == nil {
		at := uint32(k.lo)
		for low < high {
			if mid := int(uint(low+high) / 2); at < t.narrow[mid] {
				high = mid
			} else {
				low = mid + 1
			}
		}
	} else {
		for low < high {
			if mid := int(uint(low+high) / 2); k.less(t.wide[mid]) {
				high = mid
			} else {
				low = mid + 1
			}
		}
	}
	if low == 0 || t.values[low-1] == 0 {
		return nil
	}
	return t.texts.Get(t.places[t.values[low-1]-1])
}

// changes are the content of a table while it is made.
type changes []change

type change struct {
	at    key
	value []byte
}

// set makes value the one from k on. Calls come in order; a later one for the same place counts.
func (t changes) set(k key, value []byte) changes {
	if n := len(t); n > 0 && t[n-1].at == k {
		t[n-1].value = value
		return t
	}
	return append(t, change{k, value})
}

// pack makes the table, of IPv6 addresses if they are wide.
func (t changes) pack(wide bool) (packed table) {
	numbers := map[string]uint32{}
	packed.values = make([]uint32, len(t))
	if wide {
		packed.wide = make([]key, len(t))
	} else {
		packed.narrow = make([]uint32, len(t))
	}
	for i := range t {
		if wide {
			packed.wide[i] = t[i].at
		} else {
			packed.narrow[i] = uint32(t[i].at.lo)
		}
		if t[i].value == nil {
			continue
		}
		n, known := numbers[string(t[i].value)]
		if !known {
			n = uint32(len(packed.places) + 1)
			numbers[string(t[i].value)] = n
			packed.places = append(packed.places, packed.texts.Add(string(t[i].value)))
		}
		packed.values[i] = n
	}
	packed.places = slices.Clip(packed.places)
	packed.texts.Clip()
	return packed
}

// networks are values by network.
type networks map[netip.Prefix][]byte

// find returns the value of the smallest network that ip lies in.
func (n networks) find(ip netip.Addr) []byte {
	for bits := ip.BitLen(); bits >= 0; bits-- {
		if v, ok := n[netip.PrefixFrom(ip, bits).Masked()]; ok {
			return v
		}
	}
	return nil
}

// tables flattens the networks of both families.
func (n networks) tables() (v4, v6 table) {
	var list4, list6 []netip.Prefix
	for p := range n {
		if p.Addr().Is4() {
			list4 = append(list4, p)
		} else {
			list6 = append(list6, p)
		}
	}
	return n.flatten(list4).pack(false), n.flatten(list6).pack(true)
}

// flatten goes through the networks in order of their addresses, outer ones
// first, with a stack of those that are open.
func (n networks) flatten(list []netip.Prefix) changes {
	slices.SortFunc(list, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	t := changes{{}}
	var open []netip.Prefix
	leave := func() {
		end := lastOf(open[len(open)-1])
		open = open[:len(open)-1]
		var outer []byte
		if len(open) > 0 {
			outer = n[open[len(open)-1]]
		}
		if end.IsValid() {
			t = t.set(keyOf(end), outer)
		}
	}
	for _, p := range list {
		for len(open) > 0 && !open[len(open)-1].Contains(p.Addr()) {
			leave()
		}
		t = t.set(keyOf(p.Addr()), n[p])
		open = append(open, p)
	}
	for len(open) > 0 {
		leave()
	}
	return t
}

// lastOf returns the address after the last one of a network, invalid where
// there is none.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a.Next()
}
