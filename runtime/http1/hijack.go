package http1

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Hijack implements Carrier. Input is part of the connection's buffer.
func (c *Conn) Hijack() httpd.Hijacked {
	c.endDrop()
	c.hijacked = true
	h := httpd.Hijacked{Socket: c.nc, Stream: c.stream(), Poller: c.conn.Poller()}
	if c.inPos < c.inEnd {
		h.Input = c.in.B[c.inPos:c.inEnd]
		c.inPos = c.inEnd
	}
	return h
}

// stream is what the client sends, without TLS. Who waits for it holds no buffer.
func (c *Conn) stream() front.PooledReader {
	if c.conn.Encrypted() {
		return (*plainText)(c)
	}
	return c.nc
}

// plainText is a Conn over TLS as a stream.
type plainText Conn

// ReadPooled implements front.PooledReader.
func (t *plainText) ReadPooled(p *buf.Pool) (*buf.Buf, int, error) {
	if err := t.conn.AwaitRecord(); err != nil {
		return nil, 0, err
	}
	return t.conn.ReadPlain(p)
}
