package httpd

import (
	"io"

	"github.com/sluiceproxy/sluice/runtime/front"
)

// Hijacked is a client's connection that goes on with another protocol, until its
// request ends. Only the handler that called Hijack reads from it; what is sent is
// output of the request as before.
type Hijacked struct {
	Socket front.Transport
	Stream io.Reader // what the client sends from now on, decrypted
	Input  []byte    // what it has sent after the request so far
}

// Hijack takes the connection over.
func (r *Request) Hijack() Hijacked { return r.carrier.Hijack() }
