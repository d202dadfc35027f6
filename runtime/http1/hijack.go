package http1

import "github.com/sluiceproxy/sluice/runtime/httpd"

// Hijack implements Carrier. Input is part of the connection's buffer.
func (c *Conn) Hijack() httpd.Hijacked {
	c.endDrop()
	h := httpd.Hijacked{Socket: c.nc, Stream: c.rw}
	if c.inPos < c.inEnd {
		h.Input = c.in.B[c.inPos:c.inEnd]
		c.inPos = c.inEnd
	}
	return h
}
