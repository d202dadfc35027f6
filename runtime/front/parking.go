package front

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Park lets the connection wait for limit without a goroutine. When the wait ends, resume is
// called on a goroutine of its own. False: the connection has bytes Buffered, or the poller
// cannot take it; it stays the caller's. After true the caller must not use it any more.
func (c *Conn) Park(limit time.Duration, resume func(*netio.Conn, netio.Event)) bool {
	if c.layer != nil && !c.layer.idle() {
		return false
	}
	return c.nc.Park(c.in.poller, limit, resume) == nil
}

// ParkAgain is Park for what is left of the time, with the same function.
func (c *Conn) ParkAgain() bool { return c.nc.ParkAgain(c.in.poller) == nil }

// ParkBusy is Park without a timeout for a connection that has work under way: neither a change of
// the configuration nor the end of the server ends its wait, nor is it evicted. Other goroutines may
// write meanwhile.
func (c *Conn) ParkBusy(resume func(*netio.Conn, netio.Event)) bool {
	if c.layer != nil && !c.layer.idle() {
		return false
	}
	return c.nc.ParkBusy(c.in.poller, resume) == nil
}

// Go runs fn, which serves the connection, on a goroutine of the server's pool.
func (c *Conn) Go(fn func()) { c.in.goroutines.run(fn) }

// RefreshParked is Refresh for a connection that was recalled or is about to park: it is
// not recalled again for the configuration that it has taken.
func (c *Conn) RefreshParked() (changed bool) {
	c.nc.SeenRecalls(c.in.poller)
	return c.Refresh()
}

// Poller is the idle poller that watches the connections, nil for none.
func (c *Conn) Poller() *netio.IdlePoller { return c.in.poller }

// OnHangup has fn called when the client hangs up, see netio.Conn.
func (c *Conn) OnHangup(fn func()) bool { return c.in.poller != nil && c.nc.OnHangup(c.in.poller, fn) }

// ShareReads prepares the connection for reads by a second goroutine. It registers the
// socket with the pollers, as the first call of OnHangup would: after it both goroutines may
// call OnHangup.
func (c *Conn) ShareReads(hungUp func()) error {
	if pl := c.in.poller; pl != nil {
		if err := c.nc.WatchEnd(pl); err != nil {
			return err
		}
		c.nc.OnHangup(pl, hungUp)
	}
	return c.nc.Share()
}
