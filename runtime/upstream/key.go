package upstream

import (
	"net/netip"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Key is what connections to one address must have in common to be
// interchangeable. A kept connection is used only by an exchange that would have
// made the same one: else the request could leave unencrypted, from another
// address, or to a server that was not verified. It belongs to the exchange.
type Key struct {
	Owner    any          // the location that it is kept for, with a local keepalive; else nil
	Protocol string       // that is spoken on it
	TLS      any          // the settings that it is encrypted with; nil: it is plain
	Client   uint64       // number of the client's connection that it is bound to (ntlm); 0: none
	Rare     *Particulars // what few connections have; nil: none of it
}

// Particulars are what differs between connections that are encrypted, or leave from an
// address of their own, or begin with a PROXY header.
type Particulars struct {
	Name        []byte       // the server's name, where it is sent or verified
	Certificate []byte       // the client's certificate, where it is chosen by request
	PrivateKey  []byte       // ... and its key
	Bind        netaddr.Addr // the local address to bind to; not valid: any
	Transparent bool         // Bind is a foreign address (proxy_bind ... transparent)
	Header      ProxyHeader  // what it begins with
}

// ProxyHeader is the header of the PROXY protocol that a connection begins with. All
// that is sent on the connection is taken for what that client sends, so it is no use
// to another one.
type ProxyHeader struct {
	Version     uint8 // 1 or 2; 0: there is no header
	Source      netip.AddrPort
	Destination netip.AddrPort // both invalid: no client is named
}

// kept is the Key of a connection, with texts of its own.
type kept struct {
	owner    any
	protocol string
	tls      any
	client   uint64
	rare     *keptParticulars
}

// keptParticulars are those of a connection.
type keptParticulars struct {
	name, certificate, privateKey string
	bind                          netaddr.Addr
	transparent                   bool
	header                        ProxyHeader
}

func (k *Key) keep() kept {
	c := kept{owner: k.Owner, protocol: k.Protocol, tls: k.TLS, client: k.Client}
	if r := k.Rare; r != nil {
		c.rare = &keptParticulars{
			name: string(r.Name), certificate: string(r.Certificate), privateKey: string(r.PrivateKey),
			bind: r.Bind, transparent: r.Transparent, header: r.Header,
		}
	}
	return c
}

// same reports whether both are the same in everything.
func (k *kept) same(o *Key) bool {
	return k.owner == o.Owner && k.tls == o.TLS && k.protocol == o.Protocol && k.client == o.Client && k.rare.same(o.Rare)
}

func (p *keptParticulars) same(o *Particulars) bool {
	if p == nil || o == nil {
		return p == nil && o == nil
	}
	return p.name == string(o.Name) && p.certificate == string(o.Certificate) && p.privateKey == string(o.PrivateKey) &&
		p.bind == o.Bind && p.transparent == o.Transparent && p.header == o.Header
}
