package base

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// blocks are ranges of IPv4 addresses by the upper half of the address. nginx
// cuts ranges at these borders, and what it calls a duplicate, an overlap or a
// range to delete is judged piece by piece.
type blocks map[uint16][]span

// span is a range inside a block: both ends belong to it.
type span struct {
	from, to uint16
	value    []byte
}

func parseRange(s string) (from, to uint32, ok bool) {
	a, b, ok := strings.Cut(s, "-")
	x, ok1 := netaddr.ParseIP([]byte(a))
	y, ok2 := netaddr.ParseIP([]byte(b))
	if !ok || !ok1 || !ok2 || !x.Is4() || !y.Is4() {
		return 0, 0, false
	}
	from, to = uint32(keyOf(x).lo), uint32(keyOf(y).lo)
	return from, to, from <= to
}

// pieces calls fn for the pieces of a range, in order, until fn returns false.
func pieces(from, to uint32, fn func(block, from, to uint16) bool) bool {
	for {
		last := min(to, from|0xffff)
		if !fn(uint16(from>>16), uint16(from), uint16(last)) {
			return false
		}
		if last == to {
			return true
		}
		from = last + 1
	}
}

// add adds a range, which may be part of one that is there. duplicate is called with
// the old value if the same range is there. other is a range that overlaps, as text.
func (b *blocks) add(from, to uint32, value []byte, duplicate func(old []byte)) (other string) {
	if *b == nil {
		*b = blocks{}
	}
	pieces(from, to, func(block, from, to uint16) bool {
		list := (*b)[block]
		i := len(list)
		for i > 0 && to < list[i-1].from {
			i--
		}
		s := span{from, to, value}
		if i == 0 || from > list[i-1].to {
			(*b)[block] = slices.Insert(list, i, s)
			return true
		}
		old := list[i-1]
		switch {
		case from == old.from && to == old.to:
			duplicate(old.value)
			list[i-1].value = value
			return true
		case from < old.from || to > old.to:
			other = fmt.Sprintf("%d.%d.%d.%d-%d.%d.%d.%d", block>>8, block&255, old.from>>8, old.from&255,
				block>>8, block&255, old.to>>8, old.to&255)
			return false
		}
		list = slices.Delete(list, i-1, i)
		if to < old.to {
			list = slices.Insert(list, i-1, span{to + 1, old.to, old.value})
		}
		list = slices.Insert(list, i-1, s)
		if from > old.from {
			list = slices.Insert(list, i-1, span{old.from, from - 1, old.value})
		}
		(*b)[block] = list
		return true
	})
	return other
}

// remove takes out a range and reports whether all of it was there as such.
func (b blocks) remove(from, to uint32) (found bool) {
	found = true
	pieces(from, to, func(block, from, to uint16) bool {
		list := b[block]
		i := slices.IndexFunc(list, func(s span) bool { return s.from == from && s.to == to })
		if i < 0 {
			found = false
			return true
		}
		b[block] = slices.Delete(list, i, i+1)
		return true
	})
	return found
}

// table flattens the ranges; def holds outside of them.
func (b blocks) table(def []byte) table {
	t := changes{{value: def}}
	order := make([]uint16, 0, len(b))
	for block := range b {
		order = append(order, block)
	}
	slices.Sort(order)
	for _, block := range order {
		for _, s := range b[block] {
			first := key{lo: uint64(block)<<16 | uint64(s.from)}
			t = t.set(first, s.value)
			t = t.set(key{lo: uint64(block)<<16 | uint64(s.to)}.next(), def)
		}
	}
	if t[len(t)-1].at.lo > math.MaxUint32 { // behind the last address
		t = t[:len(t)-1]
	}
	return t.pack(false)
}
