package http1

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// room is how much of a response is gathered before it leaves: one record on a
// TLS connection.
func (c *Conn) room() int {
	if c.encrypted() {
		return c.recordSize
	}
	return outSize
}

// putTLS writes b in full records and keeps the rest for what follows.
func (c *Conn) putTLS(b []byte) error {
	size := c.recordSize
	for len(b) > 0 {
		if c.outLen == 0 && len(b) >= size {
			if _, err := c.rw.Write(b[:size]); err != nil {
				return err
			}
			c.wrote(size, nil)
			b = b[size:]
			continue
		}
		if c.out == nil {
			c.out = buf.Sized(size)
		}
		n := copy(c.out.B[c.outLen:size], b)
		c.outLen += n
		b = b[n:]
		if c.outLen == size {
			if err := c.Flush(nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeFileTLS reads a range of a file into full records.
func (c *Conn) writeFileTLS(r *httpd.Request, o *httpd.Out) error {
	size := c.recordSize
	off, left := o.Off, o.Len
	for left > 0 {
		if c.out == nil {
			c.out = buf.Sized(size)
		}
		n := int(min(left, int64(size-c.outLen)))
		m, err := diskfile.ReadAt(o.FD, c.out.B[c.outLen:c.outLen+n], off)
		if m < n {
			return r.FileFailed(o, err)
		}
		c.outLen += n
		r.Main().Proto.Sent += int64(n)
		off += int64(n)
		left -= int64(n)
		if c.outLen == size {
			if err := c.Flush(r); err != nil {
				return err
			}
		}
	}
	return nil
}
