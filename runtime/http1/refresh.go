package http1

import "github.com/sluiceproxy/sluice/runtime/httpd"

// refresh takes the current configuration; the connection keeps it for one
// request at a time. What the connection has derived from the one before is derived
// anew. Where that is not possible the connection is retired or unfit.
func (c *Conn) refresh() {
	cfg := c.srv.config.Load()
	if cfg == c.cfg {
		return
	}
	cfg = c.srv.current()
	a := cfg.AddrOf(c.ls.key, c.nc)
	if a == nil {
		// The address was dropped: what is under way ends as it began.
		cfg.Release()
		c.retired = true
		return
	}
	c.held.Release()
	fresh := c.cfg == nil
	c.take(cfg, a)
	if !fresh {
		c.derive()
	}
}

// take makes cfg, which is held for the connection, the one it is served under.
func (c *Conn) take(cfg *httpd.Config, a *httpd.Addr) {
	c.held, c.cfg, c.addr = cfg, cfg, a
	c.setLog(a.Default.Root.Log)
}

// derive fits a connection that has begun to the address as it is now.
func (c *Conn) derive() {
	c.retired = false
	c.verbose = c.srv.debugged(c.nc.Peer())
	c.setLog(c.addr.Default.Root.Log)
	c.plainHTTP = c.addr.SSL && c.tls == nil // a request that comes is answered with nginx's 400
	c.unfit = c.plainHTTP || c.addr.ProxyProtocol != (c.client.Proxy != nil) || c.tls != nil && !c.deriveTLS()
}

// deriveTLS finds the server that the handshake's name is for now. ok is false when
// the handshake would not have been the same: the client has to make another.
func (c *Conn) deriveTLS() (ok bool) {
	c.sni = httpd.SNIChoice{}
	if !c.addr.SSL || !c.layer.session.Ready {
		return false
	}
	settings, err := c.serverByName(c.layer.session.Hello.ServerName)
	if err != nil || settings.Terms != c.layer.session.Settings.Terms {
		return false
	}
	c.layer.session.Settings = settings
	if c.layer.size != settings.RecordSize && c.outLen == 0 {
		if c.out != nil {
			c.out.Free()
			c.out = nil
		}
		c.layer.size = settings.RecordSize
	}
	return true
}

// recalled is what a parked connection does when the configuration has changed:
// true when a request has to be served.
func (c *Conn) recalled() bool {
	c.nc.SeenRecalls(c.srv.lot)
	c.refresh()
	switch {
	case c.unfit:
	case c.retired:
		if c.lastCall() {
			return true
		}
	case c.parkedOn():
		return false
	}
	c.setWaiting(false)
	c.close()
	return false
}

// parkedOn parks the connection for what is left of its time, and for no longer than
// the current configuration keeps one.
func (c *Conn) parkedOn() bool {
	keep := c.addr.Default.Root.Core.KeepaliveTimeout
	if c.requests == 0 || c.keepFor <= keep {
		return c.nc.ParkAgain(c.srv.lot) == nil
	}
	c.keepFor = keep
	return keep > 0 && c.nc.Park(c.srv.lot, httpd.Msec(keep), c.resumeFn) == nil
}

// fits reports whether a connection that is about to wait for a request may.
func (c *Conn) fits() bool {
	c.nc.SeenRecalls(c.srv.lot)
	c.refresh()
	return !c.unfit
}
