package pass

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Run answers the request: from the cache, or by a peer.
func (x *Exchange) Run() httpd.Result {
	t := x.R.Tracer()
	if c := &x.S.Cache; (c.On() || c.Purge.On()) && t == nil {
		if rc, done := x.fromCache(); done {
			return rc
		}
		if c.RFC9111 && x.onlyCached() {
			return httpd.StatusGatewayTimeout
		}
	}
	if t != nil {
		x.planCache()
	}
	if rc := x.build(); rc != httpd.OK {
		return rc
	}
	if t != nil {
		return x.trace(t)
	}
	if x.Up != nil {
		x.Group = x.Up.group
	} else if x.Group == nil {
		if rc := x.lookup(); rc != httpd.OK {
			return rc
		}
	}
	x.choose()
	return x.askPeers()
}

// askPeers asks one peer after the other, until there is a response.
func (x *Exchange) askPeers() httpd.Result {
	for {
		fail, rc := x.attempt()
		switch {
		case rc != httpd.OK:
			return x.finish(rc)
		case fail == 0:
			if x.S.Cache.RFC9111 {
				x.settle()
			}
			if rc, done := x.instead(); done {
				return rc
			}
			return x.respond()
		}
		if rc := x.next(fail); rc != httpd.OK {
			if rc != httpd.StatusClientClosed && x.stale(fail, true) {
				return x.sendStale(cache.StatusStale)
			}
			return x.finish(rc)
		}
	}
}

// build writes the request's head into a buffer, which stays with a pooled x
// unless it had to be a large one.
//
//go:noinline
func (x *Exchange) build() httpd.Result {
	if x.NoRequest {
		return httpd.OK
	}
	if x.out == nil {
		x.out = buf.Sized(headSize)
	}
	x.outLen = 0
	b := x.out
	head, err := x.codec.AppendRequest(x, b.B[:0])
	if err != nil {
		return httpd.StatusInternalServerError
	}
	if len(head)+maxFrame > b.Cap() {
		grown := buf.Sized(len(head) + maxFrame)
		copy(grown.B, head)
		b.Free()
		b = grown
	}
	x.out, x.outLen = b, len(head)
	if x.R.Debugging() {
		x.R.Debugf("http init upstream, client timer: 0")
		x.debugHead(head)
	}
	return httpd.OK
}

// headSize is the size of the buffer for the request's head; a body that fits
// behind it is sent with it.
const headSize = 4096
