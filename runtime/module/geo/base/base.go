package base

import (
	"net/netip"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Base is the content of a geo block. Immutable once read.
type Base struct {
	// Proxies are the trusted addresses of proxy; Recursive is
	// proxy_recursive.
	Proxies   netaddr.Networks
	Recursive bool
	// Volatile makes every use compute the value anew.
	Volatile bool

	v4, v6 table
	ranges bool
}

// nowhere is where an address that is none is looked up.
var nowhere = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// Find returns the value for an address. The zero Addr stands for what has no
// address: a unix socket, or a text that is none.
func (b *Base) Find(ip netip.Addr) []byte {
	if !ip.IsValid() {
		ip = nowhere
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return b.v4.find(keyOf(ip))
	}
	if b.ranges {
		return b.v4.find(keyOf(nowhere))
	}
	return b.v6.find(keyOf(ip))
}

// Read reads the items of the geo block that c opens. Errors and warnings are
// recorded with c at the item's place.
func Read(c *conf.Cmd) *Base {
	r := reader{c: c, b: &Base{}, networks: networks{}, values: map[string][]byte{}}
	for n := range c.Items() {
		if !r.item(n) {
			break
		}
	}
	if r.b.ranges {
		r.b.v4 = r.blocks.table(r.def)
	} else {
		r.b.v4, r.b.v6 = r.networks.tables()
	}
	return r.b
}

// reader is the state of reading a block.
type reader struct {
	c        *conf.Cmd
	b        *Base
	networks networks
	blocks   blocks
	values   map[string][]byte // every value once
	def      []byte            // ranges: the default
	started  bool              // there was an entry for a network
}

// item reads one item and reports whether to go on.
func (r *reader) item(n *conf.Node) bool {
	switch key := n.Name.Value; {
	case n.Err != nil:
		return r.fail(n, "%s", n.Err.Msg)
	case n.IsBlock:
		return r.fail(n, `unexpected "{"`)
	case len(n.Args) == 0 && key == "ranges":
		if r.started {
			return r.fail(n, `the "ranges" directive must be the first directive inside "geo" block`)
		}
		r.b.ranges = true
	case len(n.Args) == 0 && key == "proxy_recursive":
		r.b.Recursive = true
	case len(n.Args) == 0 && key == "volatile":
		r.b.Volatile = true
	case len(n.Args) != 1:
		return r.fail(n, "invalid number of the geo parameters")
	case key == "proxy":
		p, ok := r.network(n, n.Args[0].Value)
		r.b.Proxies.List = append(r.b.Proxies.List, p)
		return ok
	case r.b.ranges:
		return r.addRange(n, key, n.Args[0].Value)
	default:
		r.started = true
		return r.addNetwork(n, key, n.Args[0].Value)
	}
	return true
}

func (r *reader) fail(n *conf.Node, format string, args ...any) bool {
	r.c.ItemErr(n, format, args...)
	return false
}

func (r *reader) value(s string) []byte {
	v, ok := r.values[s]
	if !ok {
		v = []byte(s)
		r.values[s] = v
	}
	return v
}

// network reads an address or network.
func (r *reader) network(n *conf.Node, text string) (netip.Prefix, bool) {
	if text == nowhere.String() {
		return netip.PrefixFrom(nowhere, 32), true
	}
	p, exact, ok := netaddr.ParseCIDR(text)
	switch {
	case !ok:
		return p, r.fail(n, `invalid network "%s"`, text)
	case !exact:
		r.c.ItemWarn(n, "low address bits of %s are meaningless", text)
	}
	return p, true
}

// The networks that default stands for.
var (
	all4 = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	all6 = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
)

// addNetwork reads `default value`, `delete network` and `network value`.
func (r *reader) addNetwork(n *conf.Node, key, arg string) bool {
	switch key {
	case "default":
		r.put(n, all4, key, arg)
		r.put(n, all6, key, arg)
		return true
	case "delete":
		p, ok := r.network(n, arg)
		if _, there := r.networks[p]; ok && !there {
			r.c.ItemWarn(n, `no network "%s" to delete`, arg)
		}
		delete(r.networks, p)
		return ok
	}
	p, ok := r.network(n, key)
	if ok {
		r.put(n, p, key, arg)
	}
	return ok
}

func (r *reader) put(n *conf.Node, p netip.Prefix, text, value string) {
	v := r.value(value)
	if _, there := r.networks[p]; there {
		r.c.ItemWarn(n, `duplicate network "%s", value: "%s", old value: "%s"`, text, v, r.networks.find(p.Addr()))
	}
	r.networks[p] = v
}

// addRange reads `default value`, `delete from-to` and `from-to value`.
func (r *reader) addRange(n *conf.Node, key, arg string) bool {
	if key == "default" {
		if r.def != nil {
			r.c.ItemWarn(n, `duplicate default geo range value: "%s", old value: "%s"`, arg, r.def)
		}
		r.def = r.value(arg)
		return true
	}
	text := key
	if key == "delete" {
		text = arg
	}
	from, to, ok := parseRange(text)
	if !ok {
		return r.fail(n, `invalid range "%s"`, text)
	}
	if key == "delete" {
		if !r.blocks.remove(from, to) {
			r.c.ItemWarn(n, `no address range "%s" to delete`, text)
		}
		return true
	}
	v := r.value(arg)
	duplicate := func(old []byte) {
		r.c.ItemWarn(n, `duplicate range "%s", value: "%s", old value: "%s"`, text, v, old)
	}
	if other := r.blocks.add(from, to, v, duplicate); other != "" {
		return r.fail(n, `range "%s" overlaps "%s"`, text, other)
	}
	return true
}
