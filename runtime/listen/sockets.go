package listen

import (
	"slices"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Sockets says which sockets are opened for a list of addresses. With a wildcard address,
// the other addresses of its port are served by its socket. The zero value has none.
type Sockets struct {
	addrs []*Address
	byKey map[string][]int // by the key of the socket that serves them: places in addrs
}

// Assign returns the sockets for addrs.
func Assign(addrs []*Address) Sockets {
	s := Sockets{addrs: addrs, byKey: map[string][]int{}}
	for i, a := range addrs {
		key := a.Spec.Key()
		if at := &a.Spec.Addr; !a.set && !at.IsUnix() && !at.IsWildcard() {
			for _, w := range addrs {
				if wild := &w.Spec.Addr; wild.IsWildcard() && !wild.IsUnix() && wild.Port() == at.Port() &&
					wild.IP().Is4() == at.IP().Is4() {
					key = w.Spec.Key()
				}
			}
		}
		s.byKey[key] = append(s.byKey[key], i)
	}
	return s
}

// Specs returns the sockets to open, in the order of the addresses.
func (s *Sockets) Specs() (specs []netaddr.ListenSpec) {
	for i, a := range s.addrs {
		if slices.Contains(s.byKey[a.Spec.Key()], i) {
			specs = append(specs, a.Spec)
		}
	}
	return specs
}

// Local is a connection's end here.
type Local interface{ Local() *netaddr.Addr }

// Find returns the place of the address that a connection is for, which came on the
// socket of that key; -1: nothing listens there.
func (s *Sockets) Find(key string, c Local) int {
	list := s.byKey[key]
	if len(list) == 1 {
		return list[0]
	}
	if len(list) == 0 {
		return -1
	}
	local, wild := c.Local(), -1
	for _, i := range list {
		if at := &s.addrs[i].Spec.Addr; at.IsWildcard() {
			wild = i
		} else if at.IP() == local.IP() {
			return i
		}
	}
	return wild
}

// At returns the place of the address that connections to local come in on: the one that
// listens there, else the wildcard of its port; -1 for none.
func (s *Sockets) At(local *netaddr.Addr) int {
	found := -1
	for i, a := range s.addrs {
		at := &a.Spec.Addr
		switch {
		case at.IsUnix() || local.IsUnix():
			if at.IsUnix() && local.IsUnix() && at.Path() == local.Path() {
				return i
			}
		case at.Port() != local.Port():
		case at.IP() == local.IP():
			return i
		case !at.IsWildcard():
		case at.IP().Is4() == local.IP().Is4() || found < 0 && at.IP().Is6() && !a.Spec.IPv6Only:
			found = i
		}
	}
	return found
}
