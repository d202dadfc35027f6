package pass

import (
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// DialWith makes connections to the peers of u with dial.
func DialWith(u *Upstream, dial func(addr netaddr.Addr) upstream.Transport) { u.group.Dial = dial }
