package pass

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// parseLocal reads an address with or without a port.
func parseLocal(text []byte) (netaddr.Addr, bool) {
	ap, ok := netaddr.ParseIPPort(text)
	return netaddr.AddrFrom(ap), ok
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
	if addr, ok = parseLocal(text); !ok {
		r.Action("") // as in nginx, which looks at it before
		r.Errorf(nil, `invalid local address "%s"`, text)
		r.Action("connecting to upstream")
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
