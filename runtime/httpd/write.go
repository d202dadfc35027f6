package httpd

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

const (
	levelAlert = errlog.Alert

	// gather is the size of the buffer in which a header and a small body meet
	// before they leave in one write.
	gather = 8192
	// copyLimit is the largest piece that is copied there.
	copyLimit = 4096
)

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

// overdue reports whether as much waits to be sent as postpone_output asks for. On
// a TLS connection a record fills up.
func (r *Request) overdue() bool {
	return r.conn.tls == nil && r.conn.outLen >= int(r.loc.Core.postponeOutput)
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

// limitOn reports whether limit_rate applies, reading the setting once.
func (r *Request) limitOn() bool {
	if !r.limitSet {
		r.limitSet = true
		r.limitRate = rate(r.loc.Core.limitRate, r)
		r.limitPast = rate(r.loc.Core.limitRateAfter, r)
		r.limitFrom = r.Start
	}
	return r.limitRate > 0
}

// SetLimitRate overrides limit_rate for this response (X-Accel-Limit-Rate, set
// $limit_rate). 0 is no limit.
func (r *Request) SetLimitRate(n int64) {
	r.limitOn()
	r.limitRate = n
}

// LimitRate returns the rate in effect, in bytes per second, 0 for none.
func (r *Request) LimitRate() int64 {
	r.limitOn()
	return r.limitRate
}

// writeLimited sends as much as limit_rate has room for and waits in between,
// as nginx's write filter does: there is room for rate * (seconds since the start
// + 1) bytes, the header and the framing of chunks among them, and whatever has
// been sent is followed by the time that it takes at that rate. Less than
// limit_rate_after costs no time.
func (r *Request) writeLimited(o *Out) error {
	keep := r.limitRate
	r.limitRate = 0
	defer func() { r.limitRate = keep }()
	off, left := int64(0), o.Size()
	if postpone := r.loc.Core.postponeOutput; !o.Last && !o.Flush && !o.Recycled && left+int64(r.conn.pending()) < postpone {
		return r.write(o)
	}
	for {
		if err := r.awaitRate(); err != nil {
			return err
		}
		if left == 0 {
			return r.write(&Out{Last: o.Last, Flush: o.Flush, Recycled: o.Recycled})
		}
		room := keep*((clock.Mono()-r.limitFrom)/1e9+1) - (r.main.sent - r.limitPast)
		if room <= 0 {
			r.main.limitUntil = clock.Mono() + int64(msec(-room*1000/keep+1))
			continue
		}
		n := min(room, left)
		piece := Out{Last: o.Last && n == left, Flush: true}
		if o.IsFile {
			piece.IsFile, piece.FD, piece.Off, piece.Len, piece.Name = true, o.FD, o.Off+off, n, o.Name
		} else {
			piece.Mem = o.Mem[off : off+n]
		}
		before := max(r.main.sent-int64(r.conn.pending())-r.limitPast, 0)
		if err := r.write(&piece); err != nil {
			return err
		}
		charged := max(r.main.sent-r.limitPast, 0) - before
		r.main.limitUntil = clock.Mono() + int64(msec(charged*1000/keep))
		off += n
		if left -= n; left == 0 {
			return nil
		}
	}
}

// awaitRate waits for the time that what was sent takes at limit_rate.
func (r *Request) awaitRate() error {
	for !r.failed {
		left := r.main.limitUntil - clock.Mono()
		if left <= 0 {
			return nil
		}
		if err := r.conn.flush(r); err != nil {
			r.broken(err)
			return err
		}
		r.conn.nc.Blocked()
		r.Sleep(left/1e6 + 1)
	}
	return errClientGone
}

// broken notes that the client cannot be reached any more.
func (r *Request) broken(err error) {
	r.main.failed, r.main.cut = true, true
	r.failed = true
	if k := r.main.kin; k != nil {
		k.f.abort()
		r.conn.endWaits()
	}
	if isTimeout(err) {
		r.main.timedOut = true
		r.Logf(errlog.Info, errTimedOut, "client timed out")
	} else if !errors.Is(err, errClientGone) {
		if _, ok := errlog.Errno(err); ok {
			r.conn.logWrite(r, err)
		}
	}
}

// fileFailed ends a response whose file turned out shorter than announced.
func (r *Request) fileFailed(o *Out, err error) error {
	r.broken(errClientGone)
	if err == nil {
		r.Logf(errlog.Alert, nil, `pread() read only part of "%s"`, o.Name)
	} else {
		r.Logf(errlog.Crit, err, `pread() "%s" failed`, o.Name)
	}
	return errClientGone
}

// pending returns the bytes that wait to be written.
func (c *Conn) pending() int { return c.outLen }

// put writes p, or keeps it to go with what follows.
func (c *Conn) put(r *Request, p []byte) error {
	r.main.sent += int64(len(p))
	if c.tls != nil {
		return c.putTLS(p)
	}
	if len(p) <= copyLimit && c.outLen+len(p) <= gather {
		if c.out == nil {
			c.out = buf.Sized(gather)
		}
		c.outLen += copy(c.out.B[c.outLen:], p)
		return nil
	}
	if c.outLen == 0 {
		_, err := c.rw.Write(p)
		c.countOut(len(p), err)
		return err
	}
	n := c.outLen
	c.outLen = 0
	_, err := c.nc.Writev(c.out.B[:n], p)
	c.countOut(n+len(p), err)
	return err
}

func (c *Conn) countOut(n int, err error) {
	if c.debugging(errlog.DebugEvent) {
		c.debugOut(n, err)
	}
	if err == nil {
		c.sent += int64(n)
	}
}

// flush writes what is pending.
func (c *Conn) flush(*Request) error {
	if c.outLen == 0 {
		return nil
	}
	n := c.outLen
	c.outLen = 0
	var err error
	if c.parting && c.tls == nil {
		// The close that follows at once sends the rest of the segment, with
		// its FIN: one packet instead of two.
		_, err = c.nc.WriteMore(c.out.B[:n])
	} else {
		_, err = c.rw.Write(c.out.B[:n])
	}
	c.countOut(n, err)
	return err
}

// writeFile sends a range of a file, with sendfile where that is possible.
func (c *Conn) writeFile(r *Request, o *Out) error {
	if c.tls == nil && r.loc.Core.sendfile {
		if c.outLen > 0 {
			m := c.outLen
			c.outLen = 0
			if _, err := c.nc.WriteMore(c.out.B[:m]); err != nil {
				return err
			}
			c.countOut(m, nil)
		}
		sent, err := c.nc.Sendfile(o.FD, o.Off, o.Len)
		r.main.sent += sent
		c.sent += sent
		if c.debugging(errlog.DebugEvent) {
			c.debugf("sendfile: %d of %d @%d", sent, o.Len, o.Off)
		}
		if err == nil && sent < o.Len {
			return r.fileFailed(o, nil)
		}
		return err
	}
	if c.tls != nil {
		return c.writeFileTLS(r, o)
	}
	b := buf.Sized(32 << 10)
	defer b.Free()
	off, left := o.Off, o.Len
	for left > 0 {
		n := min(left, int64(len(b.B)))
		m, err := pread(o.FD, b.B[:n], off)
		if int64(m) < n {
			return r.fileFailed(o, err)
		}
		if err := c.put(r, b.B[:m]); err != nil {
			return err
		}
		off += n
		left -= n
	}
	return nil
}
