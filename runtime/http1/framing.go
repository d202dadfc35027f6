package http1

import "github.com/sluiceproxy/sluice/runtime/httpd"

// Write implements Carrier.
func (c *Conn) Write(r *httpd.Request, o *httpd.Out) error {
	size := o.Size()
	if r.Proto.Chunked {
		return c.writeChunked(r, o, size)
	}
	if o.Last {
		r.AddTrailers() // for variables alone
	}
	switch {
	case o.IsFile && size > 0:
		return c.finish(r, c.writeFile(r, o), o)
	case size > 0 && c.outLen == 0 && !o.Last && (o.Flush || o.Recycled) && !c.encrypted():
		r.Main().Proto.Sent += size
		return c.finish(r, c.send(o.Mem), o) // there is nothing to gather it with
	}
	return c.finish(r, c.put(r, o.Mem), o)
}

// finish flushes at the end of the body, or when asked.
func (c *Conn) finish(r *httpd.Request, err error, o *httpd.Out) error {
	// While bytes of the request's body are unread, a lingering close follows, not a close.
	c.parting = o.Last && !r.Main().Proto.Keepalive && r.Location().Core.PostAction == "" && !r.Main().BodyUnread()
	if err == nil && (o.Last || o.Flush || o.Recycled && !c.encrypted() || c.Overdue(r)) {
		if err = c.Flush(r); !o.Last {
			c.freeOut() // until more comes
		}
	}
	if err != nil {
		r.Broken(err)
	}
	return err
}

// writeChunked is Write of a response in chunks; size is that of o.
func (c *Conn) writeChunked(r *httpd.Request, o *httpd.Out, size int64) error {
	var err error
	if size > 0 {
		err = c.put(r, append(appendHex(c.chunk[:0], size), '\r', '\n'))
		switch {
		case err != nil:
		case o.IsFile:
			err = c.writeFile(r, o)
		default:
			err = c.put(r, o.Mem)
		}
		if err == nil {
			err = c.put(r, crlf)
		}
	}
	if err == nil && o.Last {
		err = c.putTrailers(r)
	}
	return c.finish(r, err, o)
}

var (
	crlf      = []byte("\r\n")
	lastChunk = []byte("0\r\n\r\n")
)

// putTrailers writes the last chunk and the trailer fields.
func (c *Conn) putTrailers(r *httpd.Request) error {
	r.AddTrailers()
	if len(r.Out.Trailers) == 0 {
		return c.put(r, lastChunk)
	}
	line := append(r.Alloc(256)[:0], "0\r\n"...)
	for i := range r.Out.Trailers {
		t := &r.Out.Trailers[i]
		if t.Hidden {
			continue
		}
		line = append(line, t.Name...)
		line = append(line, ": "...)
		line = append(line, t.Value...)
		line = append(line, '\r', '\n')
	}
	return c.put(r, append(line, '\r', '\n'))
}

// appendHex appends n, which is not negative, in hexadecimal digits.
func appendHex(dst []byte, n int64) []byte {
	var tmp [16]byte
	i := len(tmp)
	for {
		i--
		tmp[i] = "0123456789abcdef"[n&15]
		if n >>= 4; n == 0 {
			return append(dst, tmp[i:]...)
		}
	}
}
