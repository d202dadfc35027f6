package runtime

import (
	"net/netip"
	"slices"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// debugConnection handles debug_connection: an address, a network, "unix:", or
// a name, which stands for all its addresses now.
func debugConnection(cmd *conf.Cmd, set *netaddr.AddrSet) error {
	text := cmd.Arg(0)
	if text == "unix:" {
		set.AddUnix()
		return nil
	}
	if p, exact, ok := netaddr.ParseCIDR(text); ok {
		if !exact {
			cmd.Warnf("low address bits of %s are meaningless", text)
		}
		set.Add(p)
		return nil
	}
	addrs, err := cmd.Loader.Inputs.LookupHost(text)
	if err != nil || len(addrs) == 0 {
		return cmd.Errorf(`host not found in debug_connection "%s"`, text)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	for _, a := range slices.Compact(addrs) {
		a = a.Unmap()
		set.Add(netip.PrefixFrom(a.WithZone(""), a.BitLen()))
	}
	return nil
}
