package http1

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// OnBlocked implements Carrier. Where a body is still to be dropped, that begins, too, when
// a write is about to wait.
func (c *Conn) OnBlocked(fn func()) {
	if c.drop.r != nil {
		c.conn.OnBlocked(func() {
			if fn != nil {
				fn()
			}
			c.beginDrop()
		})
		return
	}
	c.conn.OnBlocked(fn)
}

// Blocked implements Carrier.
func (c *Conn) Blocked() { c.conn.Blocked() }

const (
	// outSize is the size, in bytes, of the buffer in which a header and a small body
	// are gathered, so that one write sends both.
	outSize = 8192
	// copyLimit is the largest piece that is copied there.
	copyLimit = 4096
	// longFile is the length of a file that a client is likely to be waited for.
	longFile = 64 << 10
)

// Overdue implements Carrier. It is false on a TLS connection, where what is gathered is
// sent when it fills a record.
func (c *Conn) Overdue(r *httpd.Request) bool {
	return !c.encrypted() && c.outLen > 0 && c.outLen >= int(r.Location().Core.PostponeOutput)
}

// Pending implements Carrier.
func (c *Conn) Pending() int { return c.outLen }

// TakeBack implements Carrier.
func (c *Conn) TakeBack(n int) { c.outLen -= n }

// put writes p, or keeps it to go with what follows.
func (c *Conn) put(r *httpd.Request, p []byte) error {
	r.Main().Proto.Sent += int64(len(p))
	if c.encrypted() {
		return c.putTLS(p)
	}
	if len(p) <= copyLimit && c.outLen+len(p) <= outSize {
		if c.out == nil {
			c.out = buf.Sized(outSize)
		}
		c.outLen += copy(c.out.B[c.outLen:], p)
		return nil
	}
	return c.send(p)
}

// send writes p behind what waits to be sent, on a connection without TLS.
func (c *Conn) send(p []byte) error {
	if c.outLen == 0 {
		c.freeOut() // the write may wait
		_, err := c.rw.Write(p)
		c.wrote(len(p), err)
		return err
	}
	n := c.outLen
	c.outLen = 0
	_, err := c.nc.Writev(c.out.B[:n], p)
	c.wrote(n+len(p), err)
	return err
}

// wrote writes a debug record of a write of n bytes.
func (c *Conn) wrote(n int, err error) {
	if c.debugging(errlog.DebugEvent) {
		c.debugOut(n, err)
	}
}

// Flush implements Carrier.
func (c *Conn) Flush(*httpd.Request) error {
	if c.outLen == 0 {
		return nil
	}
	n := c.outLen
	c.outLen = 0
	var err error
	if c.parting && !c.encrypted() {
		// The close that follows at once sends the rest of the segment, with
		// its FIN: one packet instead of two.
		_, err = c.nc.WriteMore(c.out.B[:n])
	} else {
		_, err = c.rw.Write(c.out.B[:n])
	}
	c.wrote(n, err)
	if c.hijacked {
		c.freeOut()
	}
	return err
}

// freeOut gives the output buffer back, in which nothing waits.
func (c *Conn) freeOut() {
	if c.out != nil {
		c.out.Free()
		c.out = nil
	}
}

// writeFile sends a range of a file, with sendfile where that is possible.
func (c *Conn) writeFile(r *httpd.Request, o *httpd.Out) error {
	if !c.encrypted() && r.Location().Core.Sendfile {
		if c.outLen > 0 {
			m := c.outLen
			c.outLen = 0
			if _, err := c.nc.WriteMore(c.out.B[:m]); err != nil {
				return err
			}
			c.wrote(m, nil)
		}
		if o.Len > longFile {
			c.freeOut()
		}
		sent, err := c.nc.Sendfile(o.FD, o.Off, o.Len)
		r.Main().Proto.Sent += sent
		if c.debugging(errlog.DebugEvent) {
			c.debugf("sendfile: %d of %d @%d", sent, o.Len, o.Off)
		}
		if err == nil && sent < o.Len {
			return r.FileFailed(o, nil)
		}
		return err
	}
	if c.encrypted() {
		return c.writeFileTLS(r, o)
	}
	b := buf.Sized(32 << 10)
	defer b.Free()
	off, left := o.Off, o.Len
	for left > 0 {
		n := min(left, int64(len(b.B)))
		m, err := diskfile.ReadAt(o.FD, b.B[:n], off)
		if int64(m) < n {
			return r.FileFailed(o, err)
		}
		if err := c.put(r, b.B[:m]); err != nil {
			return err
		}
		off += n
		left -= n
	}
	return nil
}
