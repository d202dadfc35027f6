package runtime

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// Open makes folders and opens log files and those sockets that are not among current,
// which are open.
func (c *Change) Open(current []*netio.Listener) error { return c.open(current, false) }

// Try is Open for -t: a server may be running, so an address in use is no failure.
func (c *Change) Try() error { return c.open(nil, true) }

func (c *Change) open(current []*netio.Listener, test bool) error {
	cfg := c.Config
	if !test { // -T prints the files
		cfg.release()
	}
	err := makeFolders(cfg.folders, cfg.Main.User)
	if err == nil {
		err = c.host.prepareCertificates(cfg)
	}
	if err == nil {
		err = cfg.logs.Open()
	}
	if err != nil {
		return c.Fail(err)
	}
	log := cfg.LogTo(c.console)
	if c.current == nil {
		c.Log = log
	}
	c.OnUndo(c.undoSockets)
	s := &opener{log: log, handed: c.Handed, test: test, bind: c.Bind, opened: map[string]*netio.Listener{}}
	c.opened = s.opened
	for _, ln := range current {
		s.already(ln.Key())
	}
	if err := s.open(cfg.HTTP.Sockets()); err != nil { // which has logged it
		c.Undo()
		return err
	}
	if !test {
		log.Log(errlog.Notice, 0, nil, nil, "using the \"%s\" event method", process.EventMethod)
	}
	cfg.Main.warnOfLimits(log)
	return nil
}

// OpenHanded is Open for a worker: log files are opened as Options.OpenLog says, and of
// the sockets those that were handed over, which are all that it has not got already.
func (c *Change) OpenHanded() error {
	c.Config.release()
	if err := c.Config.logs.Open(); err != nil {
		return c.Fail(err)
	}
	c.OnUndo(c.undoSockets)
	c.opened = map[string]*netio.Listener{}
	for _, spec := range c.Config.HTTP.Sockets() {
		ln := c.Handed.Take(&spec, nil)
		if ln == nil {
			continue
		}
		c.opened[spec.Key()] = ln
		if err := ln.Listen(); err != nil {
			return c.Fail(err)
		}
	}
	c.Handed.Close()
	return nil
}
