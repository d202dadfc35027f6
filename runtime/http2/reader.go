package http2

import (
	"bytes"
	"errors"
	"io"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// inputSize is how much is read at once, in bytes. It is the bound of what a connection holds
// of its input.
const inputSize = 32 << 10

var inputs = buf.Class(inputSize)

// readOn is read, on another goroutine than before.
func (c *Conn) readOn() {
	defer c.conn.Caught()
	c.read()
}

// read is the reader: it handles frames until nothing is there, and then has the connection
// wait. It returns when the connection is closed, waits without a goroutine, or has got
// another reader, which happens while it runs a request or writes. Then c is not used any more.
func (c *Conn) read() {
	for {
		if !c.handleInput() {
			return
		}
		if !c.flushAsReader() {
			return
		}
		if !c.conn.Encrypted() && c.nc.Drained() { // a read would find nothing
			if c.wait() {
				return
			}
			continue
		}
		if !c.fillOrWait() {
			return
		}
	}
}

// fillOrWait reads what has come, or has the connection wait. False is as in read's end.
func (c *Conn) fillOrWait() bool {
	err := c.fill()
	if err == nil {
		return true
	}
	if err == netio.ErrAgain { //nolint:errorlint // it comes bare
		return !c.wait()
	}
	c.lost(err)
	return false
}

// handleInput handles what has been read. False is as in read's end.
func (c *Conn) handleInput() bool {
	for c.inPos < c.inEnd {
		s, err := c.next()
		switch {
		case err != nil:
			c.fail(err)
			return false
		case s != nil:
			if !c.run(s) {
				return false
			}
			c.nc.Spend()
		}
	}
	c.freeInput()
	return true
}

// fill reads what has come, without waiting for it: netio.ErrAgain where that is nothing.
func (c *Conn) fill() error {
	b, n, err := c.receive()
	if err != nil {
		return err
	}
	c.in, c.inPos, c.inEnd = b, 0, n
	c.arrived = clock.Mono()
	c.received += int64(n)
	c.atOnce = 0
	c.mu.Lock()
	flood := (c.received+c.sent)/8 > c.payload+c.sentData+1<<20
	c.mu.Unlock()
	if flood {
		return errFlood
	}
	return nil
}

// errFlood ends a connection whose frames carry next to nothing.
var errFlood = errors.New("http2 flood detected")

// receive is fill's read.
func (c *Conn) receive() (*buf.Buf, int, error) {
	if !c.conn.Encrypted() {
		return ended(c.nc.TryReadPooled(inputs))
	}
	if err := c.conn.TryRecord(); err != nil {
		return nil, 0, err
	}
	c.conn.ReadWithin(httpd.Msec(c.server.HeaderTimeout), 0) // for the rest of a record that has begun
	b, n, err := ended(c.conn.ReadPlain(inputs))
	if httpd.IsTimeout(err) && !c.conn.Buffered() { // the record was one of TLS alone
		err = netio.ErrAgain
	}
	return b, n, err
}

// ended gives a read without bytes its error.
func ended(b *buf.Buf, n int, err error) (*buf.Buf, int, error) {
	if n == 0 && err == nil {
		err = io.EOF
	}
	return b, n, err
}

// freeInput gives back the input buffer, in which nothing is left.
func (c *Conn) freeInput() {
	if c.in != nil {
		c.in.Free()
		c.in = nil
	}
	c.inPos, c.inEnd = 0, 0
}

// lost ends a connection from which nothing can be read any more.
func (c *Conn) lost(err error) {
	switch {
	case errors.Is(err, errFlood):
		c.conn.Logf(errlog.Info, nil, "%s", err)
		c.finalize(h2.NoError)
		return
	case httpd.IsTimeout(err):
		c.conn.Logf(errlog.Info, httpd.ErrTimedOut, "client timed out")
		c.finalize(h2.ProtocolError)
		return
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if c.busy() {
			c.conn.Logf(errlog.Info, nil, "client prematurely closed connection")
		}
	case httpd.OfConnection(err):
		lv := errlog.Info
		if e, ok := errlog.Errno(err); ok && e != syscall.ECONNRESET && e != syscall.EPIPE {
			lv = errlog.Error
		}
		c.conn.Logf(lv, err, "%s", httpd.ReadFailed(err))
	}
	c.end(err)
}

// busy reports whether the connection has streams, or a part of a frame.
func (c *Conn) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams) > 0 || c.incomplete()
}

// incomplete reports whether a frame or a header block has begun whose end has not come.
func (c *Conn) incomplete() bool { return c.frame.begun() || c.block.begun }

// preface checks what the client begins with. False: more of it is needed, or err says what is
// wrong.
func (c *Conn) preface() (ok bool, err *h2.Error) {
	p := c.in.B[c.inPos:c.inEnd]
	n := min(len(p), len(h2.Preface)-c.frame.got)
	if !bytes.Equal(p[:n], []byte(h2.Preface[c.frame.got:c.frame.got+n])) {
		return false, &h2.Error{Code: h2.ProtocolError, Text: "invalid connection preface"}
	}
	c.inPos += n
	c.frame.got += n
	if c.frame.got < len(h2.Preface) {
		return false, nil
	}
	c.frame.got, c.prefaced = 0, true
	return true, nil
}
