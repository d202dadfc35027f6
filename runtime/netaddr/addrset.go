package netaddr

import "net/netip"

// AddrSet is a set of addresses and networks, as debug_connection has it. The
// zero AddrSet is empty.
type AddrSet struct {
	prefixes []netip.Prefix
	unix     bool
}

// Add adds the addresses of a network. As in nginx an IPv4 network has no
// IPv4-mapped addresses in it.
func (s *AddrSet) Add(p netip.Prefix) { s.prefixes = append(s.prefixes, p) }

// AddUnix adds all unix sockets.
func (s *AddrSet) AddUnix() { s.unix = true }

// Has reports whether a is in the set.
func (s *AddrSet) Has(a *Addr) bool {
	if a.IsUnix() {
		return s.unix
	}
	ip := a.IP()
	for _, p := range s.prefixes {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
