package listen

import "github.com/sluiceproxy/sluice/runtime/netaddr"

// Address is an address to listen on, as the directives of all servers that name it say.
type Address struct {
	Spec          netaddr.ListenSpec
	SSL           bool
	HTTP2         bool
	ProxyProtocol bool

	explicit                       bool // default_server was given; else the first server is the default
	set                            bool // see Params.Set
	protocols                      int
	protocolsSet, protocolsChanged bool
}

// NewAddress returns the address of the first directive that names it.
func NewAddress(p *Params) Address {
	return Address{
		Spec: p.Spec, SSL: p.SSL, HTTP2: p.HTTP2, ProxyProtocol: p.ProxyProtocol, explicit: p.Default, set: p.Set,
	}
}

// Text returns the address as nginx prints it: 0.0.0.0:80.
func (a *Address) Text() string { return a.Spec.Addr.String() }

// Join adds another directive. It returns, in nginx's words, what contradicts those
// before, and what is only to be warned of.
func (a *Address) Join(p *Params) (problem, warning string) {
	if p.Set {
		if a.set {
			return "duplicate listen options for " + a.Text(), ""
		}
		a.Spec, a.set = p.Spec, true
	}
	if p.Default {
		if a.explicit {
			return "a duplicate default server for " + a.Text(), ""
		}
		a.explicit = true
	}
	if a.protocolsRedefined(p) {
		warning = "protocol options redefined for " + a.Text()
	}
	a.SSL = a.SSL || p.SSL
	a.HTTP2 = a.HTTP2 || p.HTTP2
	a.ProxyProtocol = a.ProxyProtocol || p.ProxyProtocol
	return "", warning
}

// protocolsRedefined follows nginx's bookkeeping of ssl, http2 and
// proxy_protocol over several listens of one address: options may be added by
// the listen that sets the socket's options, or be left out by the others, but
// not be mixed.
func (a *Address) protocolsRedefined(p *Params) (warn bool) {
	now, before := bits(p.ProxyProtocol, p.SSL, p.HTTP2), bits(a.ProxyProtocol, a.SSL, a.HTTP2)
	switch {
	case now|before != before:
		warn = a.set && !p.Set || a.protocolsChanged || now|before != now
		a.protocols, a.protocolsSet, a.protocolsChanged = before, true, true
	case now|before != now:
		warn = p.Set || a.protocolsSet && now != a.protocols
		a.protocols, a.protocolsSet, a.protocolsChanged = now, true, true
	default:
		warn = p.Set && a.protocolsChanged || a.protocolsSet && now != a.protocols
		a.protocols, a.protocolsSet = now, true
	}
	return warn
}

func bits(flags ...bool) (n int) {
	for i, f := range flags {
		if f {
			n |= 1 << i
		}
	}
	return n
}
