package upstream

import "github.com/sluiceproxy/sluice/runtime/netio"

// Key is what makes connections to one address interchangeable. A kept
// connection is used only by an exchange that would have made it just so: under
// anything else the request would leave by another way, unencrypted, or to a
// server that was not verified.
type Key struct {
	Owner       any        // whom it is kept for: a local keepalive keeps connections for each location
	Protocol    string     // that is spoken on it
	TLS         any        // the settings that it is encrypted with, nil: none
	Name        []byte     // the server's name, where it is sent or verified
	Certificate []byte     // the client's certificate, where it is chosen by request
	PrivateKey  []byte     // ... and its key
	Bind        netio.Addr // the local address asked for, not valid: any
	Transparent bool
}

// kept is the Key of a connection, with texts that live as long as it.
type kept struct {
	owner, tls                              any
	protocol, name, certificate, privateKey string
	bind                                    netio.Addr
	transparent                             bool
}

func (k *Key) keep() kept {
	return kept{
		owner: k.Owner, tls: k.TLS, protocol: k.Protocol, name: string(k.Name), certificate: string(k.Certificate),
		privateKey: string(k.PrivateKey), bind: k.Bind, transparent: k.Transparent,
	}
}

// same reports whether both are the same in everything.
func (k *kept) same(o *Key) bool {
	return k.owner == o.Owner && k.tls == o.TLS && k.protocol == o.Protocol && k.name == string(o.Name) &&
		k.certificate == string(o.Certificate) && k.privateKey == string(o.PrivateKey) &&
		k.bind == o.Bind && k.transparent == o.Transparent
}
