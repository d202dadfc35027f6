package httpd

// A configuration lives as long as somebody uses it: the Instance while it is
// the current one, and every connection from the request that began with it
// to its end: connections that wait for a request take the next configuration as
// soon as it is there. Then what its modules opened for it is closed; what it keeps
// open to save work is closed as soon as it is not current any more.

// OnStop registers fn to run when the configuration serves nobody any more.
// Call it from a function given to [Builder.Start], or before the
// configuration is replaced.
func (c *Config) OnStop(fn func()) { c.stops = append(c.stops, fn) }

// Stop undoes Start: it runs what OnStop registered. The Instance calls it for
// configurations that it used; others call it for one that was never used.
func (c *Config) Stop() {
	c.stopped.Do(func() {
		c.retire()
		for _, fn := range c.stops {
			fn()
		}
	})
}

// retire closes what requests that go on under c can do without, such as the files
// of open_file_cache. It may be called twice. c may be nil.
func (c *Config) retire() {
	if c != nil {
		for _, fn := range c.retires {
			fn()
		}
	}
}

// hold registers a user. It fails when the last one has gone.
func (c *Config) hold() bool {
	if c == nil {
		return false
	}
	for {
		n := c.users.Load()
		if n <= 0 {
			return false
		}
		if c.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release is called once for every successful hold. c may be nil.
func (c *Config) release() {
	if c != nil && c.users.Add(-1) == 0 {
		c.Stop()
	}
}

// current returns the current configuration, held for the caller.
func (s *Instance) current() *Config {
	for {
		if cfg := s.config.Load(); cfg.hold() {
			return cfg
		}
	}
}
