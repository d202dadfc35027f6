package httpd

// A configuration lives as long as it has users. The Instance uses the current one. A
// connection uses the one that its request began with, until that request ends;
// connections that wait for a request take the next configuration at once. When the
// last user is gone, what the modules opened for the configuration is closed. Files
// that are kept open as a cache are closed as soon as it is no longer current.

// Hold registers a user. It fails when the last one has gone.
func (c *Config) Hold() bool {
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

// Release is called once for every successful hold. c may be nil.
func (c *Config) Release() {
	if c != nil && c.users.Add(-1) == 0 {
		c.resources.Stop()
	}
}

// Begin makes the caller the first user of a configuration.
func (c *Config) Begin() { c.users.Store(1) }

// Retire closes what the configuration keeps open to save work. c may be nil.
func (c *Config) Retire() {
	if c != nil {
		c.resources.Retire()
	}
}

// Close ends the resources that the next configuration would have taken over: there is
// none.
func (c *Config) Close() { c.resources.Close() }
