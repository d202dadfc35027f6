package front

// Refresh makes the current configuration the one that the connection is served under,
// and reports whether it is another one than before. What the connection has derived from
// the one before is derived anew. Where that is not possible the connection is Retired or
// Unfit.
func (c *Conn) Refresh() (changed bool) {
	cfg := c.in.config.Load()
	if cfg == c.cfg {
		return false
	}
	cfg = c.in.current()
	end := (*cfg).Endpoint(c.ls.key, c.nc)
	if end == nil {
		// The address was dropped: what is under way ends as it began.
		(*cfg).Release()
		c.retired = true
		return false
	}
	fresh := c.cfg == nil
	if !fresh {
		(*c.cfg).Release()
	}
	c.take(cfg, end)
	if !fresh {
		c.derive()
	}
	return true
}

// take makes cfg, which is held for the connection, the one it is served under.
func (c *Conn) take(cfg *Config, end Endpoint) {
	c.cfg, c.end, c.opening = cfg, end, end.Opening()
	c.SetLog(c.opening.Log)
}

// derive derives anew what the connection has from its address in the configuration.
func (c *Conn) derive() {
	c.retired = false
	c.verbose = c.in.debugged(c.nc.Peer())
	c.SetLog(c.opening.Log)
	c.plain = c.opening.TLS != nil && c.tls == nil // a request that comes is answered with nginx's 400
	c.unfit = c.plain || c.opening.ProxyProtocol != (c.Client.Proxy != nil) || c.tls != nil && !c.deriveTLS()
}

// deriveTLS finds the server that the handshake's name is for now. ok is false when
// the handshake would not have been the same: the client has to make another.
func (c *Conn) deriveTLS() (ok bool) {
	c.Chosen = nil
	if c.opening.TLS == nil || !c.layer.session.Ready {
		return false
	}
	settings, err := c.end.ChooseTLS(c, c.layer.session.Hello.ServerName)
	if err != nil || settings.Terms != c.layer.session.settings.Load().Terms {
		return false
	}
	c.layer.session.Use(settings)
	return true
}

// Retired reports whether the current configuration does not listen where the connection
// came in: it ends after the request under way.
func (c *Conn) Retired() bool { return c.retired }

// Unfit reports whether the current configuration asks for another PROXY header or handshake
// than the connection began with: no further request is served, but for the answer to a
// Plain one.
func (c *Conn) Unfit() bool { return c.unfit }

// Plain reports whether the client has sent something else than a handshake to a port
// that wants one.
func (c *Conn) Plain() bool { return c.plain }

// Quitting reports whether the server is quitting or paused: connections that wait for a
// request are closed after QuitGrace. Ending reports whether Terminate was called: no
// request begins any more.
func (c *Conn) Quitting() bool { return c.in.quitting.Load() }

// Ending is described at Quitting.
func (c *Conn) Ending() bool { return c.in.ending.Load() }
