package httpd

// A configuration lives as long as somebody uses it: the Instance while it is
// the current one, and every connection from the request that began with it
// to its end: connections that wait for a request take the next configuration as
// soon as it is there. Then what its modules opened for it is closed; what it keeps
// open to save work is closed as soon as it is not current any more.

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
		c.resources.Stop()
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
