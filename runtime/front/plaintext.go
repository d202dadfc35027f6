package front

import "github.com/sluiceproxy/sluice/runtime/buf"

// Encrypted reports whether the connection is a TLS connection.
func (c *Conn) Encrypted() bool { return c.tls != nil }

// RecordSize is how much plain text goes into one TLS record (ssl_buffer_size), 0 on a
// plain connection.
func (c *Conn) RecordSize() int {
	if c.layer == nil {
		return 0
	}
	return c.layer.session.Settings.RecordSize
}

// Rests reports whether no byte of the client waits above the socket: all that was read
// from it has been decrypted and handed out.
func (c *Conn) Rests() bool { return c.layer == nil || c.layer.idle() }

// AwaitRecord waits until a TLS record has begun, if nothing waits above the socket; it
// holds no buffer meanwhile. TryRecord does not wait, and fails with netio.ErrAgain where
// none has.
func (c *Conn) AwaitRecord() error {
	if !c.layer.idle() {
		return nil
	}
	return c.layer.Await()
}

// TryRecord is described at AwaitRecord.
func (c *Conn) TryRecord() error { return c.layer.TryAwait() }

// ReadPlain reads plain text into a buffer of the pool.
func (c *Conn) ReadPlain(p *buf.Pool) (*buf.Buf, int, error) {
	b := p.Get()
	n, err := c.rw.Read(b.B)
	if n == 0 {
		b.Free()
		return nil, 0, err
	}
	return b, n, err
}
