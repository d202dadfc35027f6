package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/front"
)

// Hijacked is a client's connection that goes on with another protocol, until its
// request ends. Only the handler that called Hijack reads from it; what is sent is
// output of the request as before.
type Hijacked struct {
	Socket front.Transport
	Stream PooledReader // what the client sends from now on, decrypted
	Input  []byte       // what it has sent after the request so far
}

// PooledReader reads into buffers of a pool, which are the caller's to free. It borrows one
// when bytes are there, and holds none while it waits. Where n is 0 there is no buffer.
type PooledReader interface {
	ReadPooled(p *buf.Pool) (b *buf.Buf, n int, err error)
}

// Hijack takes the connection over.
func (r *Request) Hijack() Hijacked { return r.carrier.Hijack() }
