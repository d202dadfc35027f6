package header

import (
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Forwarded replaces *addr, the address of the peer, by the one that
// X-Forwarded-For names, provided that *addr is trusted. recursive goes on to
// the left until an address is not trusted. It reports whether *addr changed.
func (h *In) Forwarded(addr *netaddr.Addr, trusted *netaddr.Networks, recursive bool) bool {
	changed := false
	for i := len(h.List) - 1; i >= 0; i-- {
		f := &h.List[i]
		if f.ID != h1.XForwardedFor {
			continue
		}
		some, all := ForwardedBy(addr, f.Value, trusted, recursive)
		changed = changed || some
		if !recursive || !all {
			break
		}
	}
	return changed
}

// ForwardedBy is [In.Forwarded] for the value of one header field, a list
// of addresses separated by commas or spaces. all reports that the list was
// followed to its first address.
func ForwardedBy(addr *netaddr.Addr, list []byte, trusted *netaddr.Networks, recursive bool) (changed, all bool) {
	for {
		if !trusted.Contains(addr) {
			return changed, false
		}
		for len(list) > 0 && isListSpace(list[len(list)-1]) {
			list = list[:len(list)-1]
		}
		from := len(list)
		for from > 0 && !isListSpace(list[from-1]) {
			from--
		}
		ap, ok := netaddr.ParseIPPort(list[from:])
		if !ok {
			return changed, false
		}
		*addr, changed = netaddr.AddrFrom(ap), true
		list = list[:from]
		if !recursive || from == 0 {
			return changed, true
		}
	}
}

func isListSpace(c byte) bool { return c == ' ' || c == ',' }
