package http1

import (
	"errors"
	"io"
	"runtime"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// await waits for the first bytes of a request: the first one of the connection, or the
// next one by keepalive_timeout. False: the connection is closed or parked, and c must not
// be used.
func (c *Conn) await() bool {
	if !c.fits() {
		c.close()
		return false
	}
	first := c.requests == 0
	now := int64(0)
	if first {
		now = clock.Mono()
	}
	limit := c.idleLimit(now)
	if c.conn.Retired() && !first {
		limit = min(limit, front.QuitGrace)
	}
	c.freeBuffers()
	c.conn.SetWaiting(true)
	if c.mayPark(first, limit) {
		return c.awaitParked(limit)
	}
	wait := min(limit, front.QuitGrace)
	c.awaitFor(wait)
	if !first {
		// The client has only just been answered: other goroutines run before the
		// read for its next request, which under load saves a futile read and a
		// wait in the poller.
		runtime.Gosched()
	}
	return c.awaitOn(c.fillOrLeave(), wait, limit)
}

// awaitOn goes on waiting for a request, after a wait of the time waited that ended
// with err; limit is for all. A connection that may not park, because a TLS record
// has begun, sees within front.QuitGrace that the server quits or that the configuration
// has changed. False is as in await.
func (c *Conn) awaitOn(err error, waited, limit time.Duration) bool {
	for httpd.IsTimeout(err) && waited < limit {
		if !c.fits() {
			c.close()
			return false
		}
		if c.conn.Quitting() || c.conn.Retired() && c.requests > 0 {
			if limit = min(limit, httpd.Msec(c.keepMin)); waited >= limit {
				break
			}
		} else if c.park(limit - waited) {
			return false
		}
		wait := min(limit-waited, front.QuitGrace)
		c.awaitFor(wait)
		err = c.fillOrLeave()
		waited += wait
	}
	return c.awaited(err)
}

// awaitFor makes the wait for a request end after d.
func (c *Conn) awaitFor(d time.Duration) {
	until := int64(0)
	if c.encrypted() {
		until = clock.Mono() + int64(d)
	}
	c.conn.ReadWithin(d, until)
}

// idleLimit returns how long the wait for a request may take that began at the
// monotonic time since.
func (c *Conn) idleLimit(since int64) time.Duration {
	if c.requests == 0 {
		return max(time.Duration(c.conn.OpenUntil()-since), time.Millisecond)
	}
	return httpd.Msec(c.keepFor)
}

// mayPark reports whether the connection is to park at once. A connection that always
// parks is never registered with the runtime's poller, which costs more calls and
// some garbage. An event of a connection that is registered there would wake up both
// pollers. A connection that waits no longer than front.QuitGrace keeps its goroutine.
func (c *Conn) mayPark(first bool, limit time.Duration) bool {
	if first {
		return !c.encrypted()
	}
	return netio.ParkBetweenRequests && !c.nc.Registered() && limit > front.QuitGrace
}

// awaitParked is await for a connection that parks unless a request is there.
func (c *Conn) awaitParked(limit time.Duration) bool {
	err := netio.ErrAgain
	if !c.nc.Drained() {
		err = c.tryFill(c.headerBuffers())
	}
	if err == netio.ErrAgain { //nolint:errorlint // it comes bare, and this is the hot path
		if c.park(limit) {
			return false
		}
		err = netio.ErrTimeout
	}
	return c.awaited(err)
}

// awaited ends the wait for a request, which had the result err. False is as in await.
func (c *Conn) awaited(err error) bool {
	c.conn.SetWaiting(false)
	if err != nil {
		c.ended(err, c.requests == 0)
		return false
	}
	return true
}

// ended closes a connection whose wait for a request failed.
func (c *Conn) ended(err error, first bool) {
	switch {
	case httpd.IsTimeout(err):
		if first {
			c.conn.Action("waiting for request")
			c.conn.Logf(errlog.Info, httpd.ErrTimedOut, "client timed out")
			c.conn.TimedOut = true
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if first {
			c.conn.Action("waiting for request")
			c.conn.Logf(errlog.Info, nil, "client closed connection")
		} else {
			c.closedIdle(err)
		}
	default:
		c.recvFailed(err, first)
	}
	c.close()
}

// closedIdle logs that the client closed a kept connection, with the system's error
// where err has one. nginx has no context at this point.
func (c *Conn) closedIdle(err error) {
	client := &c.conn.Client
	var why error
	if e, ok := errlog.Errno(err); ok {
		why = e
	}
	c.conn.Log().Log(errlog.Info, client.ID, why, nil, "client %s closed keepalive connection", client.Host)
}

// recvFailed logs a read that failed while a request was waited for. A reset of
// an idle connection is one way to close it.
func (c *Conn) recvFailed(err error, first bool) {
	if !httpd.OfConnection(err) {
		return
	}
	if !first && errors.Is(err, syscall.ECONNRESET) {
		c.closedIdle(err)
		return
	}
	action := "keepalive"
	if first {
		action = "waiting for request"
	}
	c.conn.Action(action)
	c.conn.Logf(errlog.Info, err, "%s", httpd.ReadFailed(err))
}

// park lets the connection wait for limit without a goroutine. True: c must not be used.
func (c *Conn) park(limit time.Duration) bool {
	return c.conn.Park(limit, c.resumeFn)
}

// resume continues a parked connection on a goroutine of its own; why is what has ended
// its wait.
func (c *Conn) resume(_ *netio.Conn, why netio.Event) {
	defer c.conn.Caught()
	switch {
	case why == netio.Readable:
		c.arrived = c.nc.ResumedAt()
	case why == netio.Evicted:
		c.conn.Evict()
	case why == netio.Recalled:
		if !c.recalled() {
			return
		}
		why, c.arrived = netio.Readable, 0
	case why == netio.Drained && c.lastCall():
		why, c.arrived = netio.Readable, 0 // some time after it was resumed
	}
	if why != netio.Readable {
		c.conn.SetWaiting(false)
		if why == netio.Expired && c.requests == 0 {
			c.ended(netio.ErrTimeout, true)
			return
		}
		c.close()
		return
	}
	c.refresh()
	var waited, limit time.Duration
	if c.encrypted() { // of a record, more may have to be waited for
		since := c.nc.ParkedAt()
		waited, limit = time.Duration(clock.Mono()-since), c.idleLimit(since)
		wait := max(min(limit-waited, front.QuitGrace), time.Millisecond)
		c.awaitFor(wait)
		waited += wait
	}
	err := c.tryFill(c.headerBuffers())
	if err == netio.ErrAgain { //nolint:errorlint // it comes bare, and this is the hot path
		if c.conn.ParkAgain() {
			return
		}
		err, limit = netio.ErrTimeout, 0
	}
	if c.awaitOn(err, waited, limit) {
		c.loop()
	}
}

// lastCall waits for what is left of the time for which a connection that is to be closed
// has to have waited (front.QuitGrace, or keepalive_min_timeout if that is longer). It
// reports whether a request has come, which is answered with Connection: close.
func (c *Conn) lastCall() bool {
	left := max(front.QuitGrace, httpd.Msec(c.keepMin)) - time.Duration(clock.Mono()-c.nc.ParkedAt())
	if left > 0 {
		return c.nc.WaitReadableFor(left) == nil
	}
	n, _ := c.nc.TryPeek(make([]byte, 1))
	return n > 0
}

// recalled is what a parked connection does when the configuration has changed. True: a
// request has come, and is to be served. False: the connection is parked again or closed.
func (c *Conn) recalled() bool {
	fits := c.fits()
	switch {
	case !fits:
	case c.conn.Retired():
		if c.lastCall() {
			return true
		}
	case c.parkedOn():
		return false
	}
	c.conn.SetWaiting(false)
	c.close()
	return false
}

// parkedOn parks the connection for what is left of its time, and for no longer than
// the current configuration keeps one.
func (c *Conn) parkedOn() bool {
	keep := c.endpoint.Addr.Default.Root.Core.KeepaliveTimeout
	if c.requests == 0 || c.keepFor <= keep {
		return c.conn.ParkAgain()
	}
	c.keepFor = keep
	return keep > 0 && c.conn.Park(httpd.Msec(keep), c.resumeFn)
}

// fits reports whether a connection that is about to wait for a request may.
func (c *Conn) fits() bool {
	if c.conn.RefreshParked() {
		c.follow()
	}
	return !c.conn.Unfit()
}
