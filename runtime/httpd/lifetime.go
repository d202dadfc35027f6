package httpd

// A configuration lives as long as it has users. The Instance uses the current one. A
// connection uses the one that its request began with, until that request ends;
// connections that wait for a request take the next configuration at once. When the
// last user is gone, what the modules opened for the configuration is closed. Files
// that are kept open as a cache are closed as soon as it is no longer current.

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
