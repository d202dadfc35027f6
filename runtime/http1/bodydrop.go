package http1

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// bodyDrop reads what a client sends of a discarded body while its request is
// answered. Without it a client that sends the whole body before it reads would
// deadlock with the server, which waits until the client has read the response. Its
// goroutine starts when the request first waits, and runs until the request ends. Its
// fields belong to the goroutine of the request. Its own goroutine uses the
// connection's input and the request's Body, which the request does not use any more
// once the body is discarded.
type bodyDrop struct {
	r    *httpd.Request // whose body is to be dropped, nil once that has begun
	done chan struct{}  // closed when the goroutine has ended; nil where there is none
}

// dropWhileWaiting has the rest of r's body dropped as soon as r waits.
func (c *Conn) dropWhileWaiting(r *httpd.Request) {
	c.drop.r = r
	c.conn.OnBlocked(c.beginDrop)
}

// beginDrop starts the goroutine, unless there is nothing to drop or it runs.
func (c *Conn) beginDrop() {
	r := c.drop.r
	if r == nil {
		return
	}
	c.drop.r = nil
	if c.shareReads() != nil {
		return // it is closed
	}
	c.conn.ReadWithin(0, 0)
	c.bodyRoom(r)
	c.drop.done = make(chan struct{})
	go c.dropBody(r, c.drop.done)
}

// runs reports whether the goroutine is there.
func (d *bodyDrop) runs() bool {
	if d.done == nil {
		return false
	}
	select {
	case <-d.done:
		return false
	default:
		return true
	}
}

// dropBody reads and drops until the body or the connection ends, or endDrop stops
// it. The next read finds an invalid body again, and logs it.
func (c *Conn) dropBody(r *httpd.Request, done chan struct{}) {
	defer close(done)
	defer r.Caught(nil)
	for c.startBody(r) {
		if c.inPos == c.inEnd {
			if c.bodyCame(c.rw.Read(c.bodyRoom(r))) != nil {
				return
			}
		}
		_, used, ok := c.body.take(c.in.B[c.inPos:c.inEnd])
		c.inPos += used
		r.Body.Done = c.body.done
		if !ok {
			return
		}
	}
}

// endDrop ends what dropWhileWaiting began. What has not come of the body is to
// be read by the caller.
func (c *Conn) endDrop() {
	d := &c.drop
	if d.r != nil {
		d.r = nil
		c.conn.OnBlocked(nil)
	}
	if d.done == nil {
		return
	}
	_ = c.nc.SetReadDeadline(time.Unix(1, 0)) // it is open
	<-d.done
	d.done = nil
	_ = c.nc.SetReadDeadline(time.Time{}) // it is open
}

// DropBody implements Carrier.
func (c *Conn) DropBody(r *httpd.Request) httpd.Result {
	c.startBody(r)
	r.In.ContentLength, r.In.Chunked = 0, false
	rc := c.dropReceived(r)
	if rc == httpd.OK && r.BodyUnread() {
		c.dropWhileWaiting(r)
	}
	return rc
}

// DropsBody implements Carrier.
func (c *Conn) DropsBody() bool { return c.drop.runs() }
