package pass

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// The schemes of authentication that hold for a connection instead of a request.
const (
	schemeNTLM      = "NTLM"
	schemeNegotiate = "Negotiate"
)

// bindClient gives the connection to the peer to the connection of the client alone, once
// the client logs in by a scheme that holds for connections (ntlm): no other client may
// send requests on it. It is kept in the pool of the upstream between two requests, under
// the number of the client's connection, which no other one ever has, and is closed when
// that ends.
func (x *Exchange) bindClient() {
	id := x.R.Client().ID
	if addr, ok := x.Up.pool.Bound(id); ok {
		x.client = id
		x.choice.Hint = x.Group.SIDOf(&addr)
		return
	}
	value := x.R.In.Get(h1.Authorization)
	if hasPrefixFold(value, schemeNTLM) || hasPrefixFold(value, schemeNegotiate) {
		x.client = id
		x.R.Client().Follow(x.Up.pool)
	}
}

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && h1.EqualFold(b[:len(prefix)], prefix)
}
