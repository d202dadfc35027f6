package front

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Park lets the connection wait for limit without a goroutine; then resume is called on
// one of its own. It reports false where the connection cannot park: bytes are there
// already, or part of a TLS record is. After true the caller must not use the connection
// any more.
func (c *Conn) Park(limit time.Duration, resume func(*netio.Conn, netio.Event)) bool {
	if c.layer != nil && !c.layer.idle() {
		return false
	}
	return c.nc.Park(c.in.lot, limit, resume) == nil
}

// ParkAgain is Park for what is left of the time, with the same function.
func (c *Conn) ParkAgain() bool { return c.nc.ParkAgain(c.in.lot) == nil }

// RefreshParked is Refresh for a connection that was recalled or is about to park: it is
// not recalled again for the configuration that it has taken.
func (c *Conn) RefreshParked() (changed bool) {
	c.nc.SeenRecalls(c.in.lot)
	return c.Refresh()
}

// OnHangup has fn called when the client hangs up, see netio.Conn.
func (c *Conn) OnHangup(fn func()) bool { return c.in.lot != nil && c.nc.OnHangup(c.in.lot, fn) }

// ShareReads prepares the connection for a goroutine that reads from it beside its own:
// all is there that OnHangup would make, so that both may call it.
func (c *Conn) ShareReads(hungUp func()) error {
	if l := c.in.lot; l != nil {
		if err := c.nc.WatchEnd(l); err != nil {
			return err
		}
		c.nc.OnHangup(l, hungUp)
	}
	return c.nc.Share()
}
