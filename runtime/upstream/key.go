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
	Owner       any          // the location that it is kept for, with a local keepalive; else nil
	Protocol    string       // that is spoken on it
	TLS         any          // the settings that it is encrypted with; nil: it is plain
	Name        []byte       // the server's name, where it is sent or verified
	Certificate []byte       // the client's certificate, where it is chosen by request
	PrivateKey  []byte       // ... and its key
	Bind        netaddr.Addr // the local address to bind to; not valid: any
	Transparent bool         // Bind is a foreign address (proxy_bind ... transparent)
	Client      uint64       // number of the client's connection that it is bound to (ntlm); 0: none
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
	owner, tls                              any
	protocol, name, certificate, privateKey string
	bind                                    netaddr.Addr
	transparent                             bool
	client                                  uint64
	header                                  ProxyHeader
}

func (k *Key) keep() kept {
	return kept{
		owner: k.Owner, tls: k.TLS, protocol: k.Protocol, name: string(k.Name), certificate: string(k.Certificate),
		privateKey: string(k.PrivateKey), bind: k.Bind, transparent: k.Transparent, client: k.Client,
		header: k.Header,
	}
}

// same reports whether both are the same in everything.
func (k *kept) same(o *Key) bool {
	return k.owner == o.Owner && k.tls == o.TLS && k.protocol == o.Protocol && k.name == string(o.Name) &&
		k.certificate == string(o.Certificate) && k.privateKey == string(o.PrivateKey) &&
		k.bind == o.Bind && k.transparent == o.Transparent && k.client == o.Client &&
		(k.header.Version|o.Header.Version == 0 || k.header == o.Header)
}
