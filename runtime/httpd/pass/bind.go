package pass

import (
	"net/netip"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// parseLocal reads an address with or without a port.
func parseLocal(text string) (netaddr.Addr, bool) {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return netaddr.AddrFrom(ap), true
	}
	if len(text) > 2 && text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	ip, err := netip.ParseAddr(text)
	return netaddr.AddrFrom(netip.AddrPortFrom(ip, 0)), err == nil
}

// local returns the address to bind to; ok is false for none.
func (b *Bind) local(r *httpd.Request) (addr netaddr.Addr, ok bool) {
	if b == nil {
		return addr, false
	}
	if b.addr.IsValid() {
		return b.addr, true
	}
	text := b.text.Eval(r)
	if len(text) == 0 {
		return addr, false
	}
	if addr, ok = parseLocal(string(text)); !ok {
		r.Errorf(nil, `invalid local address "%s"`, text)
	}
	return addr, ok
}

// sizeOf evaluates a size with variables, 0 for none.
func sizeOf(text []byte) int64 {
	n, ok := conf.ParseSize(string(text))
	if !ok {
		return 0
	}
	return n
}
