package front

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// Encrypted reports whether the connection is a TLS connection.
func (c *Conn) Encrypted() bool { return c.tls != nil }

// Protocol returns the protocol that the TLS handshake has agreed on (ALPN, RFC 7301), "" for none.
func (c *Conn) Protocol() string {
	if c.layer == nil {
		return ""
	}
	return c.layer.session.Protocol
}

// RecordSize is how much plain text goes into one TLS record (ssl_buffer_size), 0 on a
// plain connection.
func (c *Conn) RecordSize() int {
	if c.layer == nil {
		return 0
	}
	return c.layer.session.settings.Load().RecordSize
}

// Buffered reports whether bytes from the client, which were read from the socket, have not
// been decrypted or not been read by the protocol.
func (c *Conn) Buffered() bool { return c.layer != nil && !c.layer.idle() }

// AwaitRecord waits until a TLS record has begun, unless the connection has bytes Buffered.
// It holds no buffer meanwhile. TryRecord does not wait: its error is netio.ErrAgain where
// no record has begun. Both are for TLS connections alone.
func (c *Conn) AwaitRecord() error {
	if !c.layer.idle() {
		return nil
	}
	return tlsconf.ReadError(c.layer.Await())
}

// TryRecord is described at AwaitRecord.
func (c *Conn) TryRecord() error {
	err := c.layer.TryAwait()
	if err == nil || err == netio.ErrAgain { //nolint:errorlint // netio returns it bare
		return err
	}
	return tlsconf.ReadError(err)
}

// ReadPlain reads plain text into a buffer of the pool, which is the caller's. Where nothing
// was read there is no buffer.
func (c *Conn) ReadPlain(p *buf.Pool) (*buf.Buf, int, error) {
	b := p.Get()
	n, err := (*plainText)(c.layer).Read(b.B)
	if n == 0 {
		b.Free()
		return nil, 0, err
	}
	return b, n, err
}

// plainText is a tlsLayer as the Stream of its connection, which requests are read from and
// responses are written to.
type plainText tlsLayer

// Read returns plain text.
func (p *plainText) Read(b []byte) (int, error) {
	n, err := p.c.tls.Read(b)
	p.more = n == len(b)
	return n, tlsconf.ReadError(err)
}

// Write sends plain text in records of ssl_buffer_size.
func (p *plainText) Write(b []byte) (n int, err error) {
	p.blocked.begin()
	defer p.blocked.end()
	size := p.session.settings.Load().RecordSize
	for len(b) > size {
		m, err := p.c.tls.Write(b[:size])
		n += m
		if err != nil {
			return n, err
		}
		b = b[size:]
	}
	m, err := p.c.tls.Write(b)
	return n + m, err
}
