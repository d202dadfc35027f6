package runtime

// Commit ends a change whose configuration is in effect: its log is that of the
// process, resources that it has not carried over are closed, and the configuration
// before it is retired.
func (c *Change) Commit() {
	fns := c.commits
	c.undone, c.commits = nil, nil
	c.host.SetLog(c.Config.Log)
	c.Config.resources.Adopt()
	for _, fn := range fns {
		fn()
	}
	c.host.wantCertificates(c.Config, c.follows)
	if c.current != nil {
		c.current.retire()
		c.current = nil
	}
}

// retire closes the log files of a configuration when no connection uses it any more.
func (cfg *Config) retire() { cfg.resources.OnStop(cfg.Close) }

// ReleaseServing drops what only serving needs of a configuration, for a master: of the current
// one that keeps the settings and the log files.
func (cfg *Config) ReleaseServing() {
	cfg.resources.Drop()
	cfg.HTTP, cfg.Files = nil, nil
}
