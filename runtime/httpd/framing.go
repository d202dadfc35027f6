package httpd

// write is the end of the filter chain: framing, rate limit, the socket.
func (r *Request) write(o *Out) error {
	c := r.conn
	if r.failed {
		return errClientGone
	}
	size := o.Size()
	if r.limitOn() {
		return r.writeLimited(o)
	}
	if r.chunked {
		return r.writeChunked(o, size)
	}
	if o.Last {
		r.addTrailers() // for variables alone
	}
	if o.IsFile && size > 0 {
		return r.finish(c.writeFile(r, o), o)
	}
	return r.finish(c.put(r, o.Mem), o)
}

// addTrailers has the hooks add their trailers, once the body is complete.
func (r *Request) addTrailers() {
	if r.expectTrailers {
		for _, h := range r.loc.Plan.trailers {
			h(r)
		}
	}
}

// finish flushes at the end of the body, or when asked.
func (r *Request) finish(err error, o *Out) error {
	c := r.conn
	// With bytes of the body on their way the connection stays open for them.
	c.parting = o.Last && !r.main.keepalive && r.loc.Core.postAction == "" && !r.main.bodyUnread()
	if err == nil && (o.Last || o.Flush || o.Recycled && c.tls == nil || r.overdue()) {
		err = c.flush(r)
	}
	if err != nil {
		r.broken(err)
	}
	return err
}

func (r *Request) writeChunked(o *Out, size int64) error {
	c := r.conn
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
		err = r.putTrailers()
	}
	return r.finish(err, o)
}

var (
	crlf      = []byte("\r\n")
	lastChunk = []byte("0\r\n\r\n")
)

func (r *Request) putTrailers() error {
	r.addTrailers()
	if len(r.Out.Trailers) == 0 {
		return r.conn.put(r, lastChunk)
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
	return r.conn.put(r, append(line, '\r', '\n'))
}

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
