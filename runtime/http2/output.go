package http2

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

const (
	// outSize is how much gathers before it is sent, in bytes.
	outSize = 32 << 10
	// maxControl bounds the answers to a client's frames that wait to be sent, in bytes: a
	// client that reads nothing and goes on asking is a flood. nginx has 10,000 frames.
	maxControl = 10000 * (h2.HeaderSize + 8)
)

// output are the frames that wait to be sent. A Conn's mu guards it.
type output struct {
	buf     *buf.Buf // buf.B[:n]; nil: nothing waits
	n       int
	control int    // bytes of answers to frames since the last write
	data    int64  // bytes of payload among the rest
	gen     uint32 // changes with each write: what was queued before has left
	writing bool   // a goroutine writes
	waiting []*Stream

	tail    *Stream // whose DATA frame is at the end of buf, and may grow; nil: none
	tailAt  int     // where that begins
	tailLen int     // of its payload
}

// room returns what waits, to be appended to: there is room for n bytes.
func (o *output) room(n int) []byte {
	o.tail = nil
	need := o.n + n
	switch {
	case o.buf == nil:
		o.buf = buf.Sized(max(outSize, need))
	case need > len(o.buf.B):
		larger := buf.Sized(max(2*len(o.buf.B), need))
		copy(larger.B, o.buf.B[:o.n])
		o.buf.Free()
		o.buf = larger
	}
	return o.buf.B[:o.n]
}

// took ends what room began: b is what waits now.
func (o *output) took(b []byte) { o.n = len(b) }

// rst queues a RST_STREAM frame.
func (o *output) rst(id uint32, code h2.Code) {
	const size = h2.HeaderSize + 4
	o.took(h2.AppendRSTStream(o.room(size), id, code))
	o.control += size
}

// free drops what waits.
func (o *output) free() {
	if o.buf != nil {
		o.buf.Free()
		o.buf = nil
	}
	o.n, o.tail = 0, nil
}

// control queues an answer to a frame.
func (c *Conn) control(add func(b []byte) []byte) *h2.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.out.n
	c.out.took(add(c.out.room(h2.HeaderSize + 8)))
	c.out.control += c.out.n - before
	if c.out.control > maxControl {
		return &h2.Error{Code: h2.NoError, Text: "http2 flood detected"}
	}
	return nil
}

// flush sends what waits, and what is added meanwhile; the caller holds mu, which is free while
// it writes. blocked, if not nil, is called when a write is about to wait. Where another
// goroutine writes already, that sends it.
func (c *Conn) flush(blocked func()) {
	o := &c.out
	if o.writing || o.n == 0 || c.err != nil {
		return
	}
	o.writing = true
	for rounds := 0; o.n > 0 && c.err == nil; rounds++ {
		if rounds > 0 && len(o.waiting) > 0 {
			break // they send the rest
		}
		b, n, data := o.buf, o.n, o.data
		o.buf, o.n, o.data, o.control, o.tail = nil, 0, 0, 0, nil
		o.gen++
		c.mu.Unlock()
		err := c.write(b.B[:n], blocked)
		b.Free()
		c.mu.Lock()
		c.sent += int64(n)
		c.sentData += data
		if err != nil {
			c.writeFailed(err)
		}
	}
	o.writing = false
	for i, s := range o.waiting {
		s.wakeOut()
		o.waiting[i] = nil
	}
	o.waiting = o.waiting[:0]
}

// write sends b.
func (c *Conn) write(b []byte, blocked func()) error {
	if blocked != nil {
		c.conn.OnBlocked(blocked)
		defer c.conn.OnBlocked(nil)
	}
	_, err := c.rw.Write(b)
	return err
}

// writeFailed ends all streams: nothing can be sent any more. The caller holds mu.
func (c *Conn) writeFailed(err error) {
	c.err = err
	c.out.free()
	for _, s := range c.streams {
		c.breakStream(s)
	}
	if c.parked && c.nc.Unpark() {
		c.parked = false
		c.conn.Go(c.readFn) // it finds err, and ends the connection
	}
}

// flushAsReader sends what waits. False is as in read's end: it has waited, and there is another
// reader, or the connection has ended.
func (c *Conn) flushAsReader() bool {
	c.mu.Lock()
	if c.err == nil && (c.out.n == 0 || c.out.writing) {
		c.mu.Unlock()
		return true
	}
	c.flush(c.giveUpFn)
	gaveUp := c.gaveUp
	if gaveUp {
		c.gaveUp = false
		if len(c.streams) == 0 {
			if c.ended {
				c.mu.Unlock()
				c.close()
				return false
			}
			if c.parked && c.nc.Unpark() { // nobody else would have it wait as an idle one
				c.parked, gaveUp = false, false
			}
		}
	}
	err := c.err
	c.mu.Unlock()
	switch {
	case gaveUp:
		return false
	case err != nil:
		c.end(err)
		return false
	}
	return true
}

// giveUp is called when the reader's write is about to wait.
func (c *Conn) giveUp() {
	c.mu.Lock()
	was := c.gaveUp
	c.gaveUp = true
	c.mu.Unlock()
	if !was {
		c.passOn()
	}
}

// passOn makes another goroutine the reader where there is something to do for one. Else the
// connection waits without: it has streams, or a write that waits.
func (c *Conn) passOn() {
	there := c.inPos < c.inEnd || !c.conn.Encrypted() && !c.nc.Drained()
	c.mu.Lock()
	defer c.mu.Unlock()
	if there || c.out.n > 0 && !c.out.writing || !c.parkBusy() {
		c.conn.Go(c.readFn)
	}
}

// parkBusy has a connection with streams wait in the idle poller; the caller holds mu. False: it
// may have something to be read.
func (c *Conn) parkBusy() bool {
	c.parked = true
	if c.conn.ParkBusy(c.resumeFn) {
		return true
	}
	c.parked = false
	return false
}
