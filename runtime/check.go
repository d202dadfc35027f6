package runtime

import (
	"errors"
	"fmt"
)

// ErrNoEvents is nginx's complaint about a file without an events block.
var ErrNoEvents = errors.New(`no "events" section in configuration`)

// Check makes the checks of a loaded configuration that belong to no block.
func (c *Change) Check() error {
	cfg := c.Config
	if err := cfg.complete(); err != nil {
		return c.Fail(err)
	}
	cfg.Main.warnOfMasks(c.Log)
	return nil
}

// complete is Check without warnings.
func (cfg *Config) complete() error {
	if !cfg.Main.events {
		return ErrNoEvents
	}
	if n := len(cfg.HTTP.Sockets()); cfg.Main.Connections < n+1 {
		return fmt.Errorf("%d worker_connections are not enough for %d listening sockets", cfg.Main.Connections, n)
	}
	return cfg.loader.CheckLate()
}
