package httpd

import "github.com/sluiceproxy/sluice/runtime/front"

// Hijacked is a client's connection that goes on with another protocol, until its
// request ends. Only the handler that called Hijack reads from it; what is sent is
// output of the request as before.
type Hijacked struct {
	Socket front.Transport
	Stream front.PooledReader // what the client sends from now on, decrypted
	Input  []byte             // what it has sent after the request so far
	Poller *front.IdlePoller  // that may watch for the end of the connection; nil: none
}

// Hijack takes the connection over.
func (r *Request) Hijack() Hijacked { return r.carrier.Hijack() }
