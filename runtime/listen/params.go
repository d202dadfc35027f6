package listen

import "github.com/sluiceproxy/sluice/runtime/netaddr"

// Params are the parameters of a listen directive.
type Params struct {
	Spec          netaddr.ListenSpec // without its address
	Default       bool               // default_server
	SSL           bool
	HTTP2         bool // read by http
	ProxyProtocol bool
	Set           bool // options of the socket were given

	dual bool // ipv6only=off
}

// At returns what to listen on for one of the directive's addresses.
func (p *Params) At(a netaddr.Addr) netaddr.ListenSpec {
	spec := p.Spec
	spec.Addr = a
	spec.IPv6Only = !a.IsUnix() && a.IP().Is6() && !p.dual
	return spec
}
