package runtime

import (
	"errors"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// A socket whose address is taken is tried again: another server may be about
// to end. The figures are nginx's.
const (
	bindTries = 5
	bindPause = 500 * time.Millisecond
)

var errStillInUse = errors.New("still could not bind()")

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

// opener opens listening sockets.
type opener struct {
	log    *errlog.Logger
	skip   map[string]bool            // keys of those that are open
	opened map[string]*netio.Listener // by key
	handed *netio.Inheritance         // those that another binary has opened
	test   bool                       // see Try
	bind   bool                       // see Change.Bind
}

func (s *opener) already(key string) {
	if s.skip == nil {
		s.skip = map[string]bool{}
	}
	s.skip[key] = true
}

// open opens the sockets of specs. All failures are logged as nginx logs them.
func (s *opener) open(specs []netaddr.ListenSpec) error {
	for range bindTries {
		again := false
		for i := range specs {
			spec := &specs[i]
			if key := spec.Key(); s.skip[key] || s.opened[key] != nil {
				continue
			}
			inUse, err := s.one(spec)
			if err != nil {
				return err
			}
			again = again || inUse
		}
		if !again || s.test {
			s.handed.Close()
			return nil
		}
		s.log.Log(errlog.Notice, 0, nil, nil, "try again to bind() after 500ms")
		time.Sleep(bindPause)
	}
	s.log.Fail(errlog.Emerg, errStillInUse)
	return errStillInUse
}

// one opens a socket. inUse says that its address is taken.
func (s *opener) one(spec *netaddr.ListenSpec) (inUse bool, err error) {
	warn := func(err error) { s.log.Fail(errlog.Emerg, err) }
	if ln := s.handed.Take(spec, warn); ln != nil {
		s.opened[spec.Key()] = ln
		return false, nil
	}
	ln, err := s.socket(spec, warn)
	if err == nil {
		s.opened[spec.Key()] = ln
		return false, nil
	}
	inUse = errors.Is(err, syscall.EADDRINUSE)
	if !inUse || !s.test {
		s.log.Fail(errlog.Emerg, err)
	}
	if inUse {
		return true, nil
	}
	return false, err
}

// socket opens a socket that was not handed over.
func (s *opener) socket(spec *netaddr.ListenSpec, warn func(error)) (*netio.Listener, error) {
	if !s.bind {
		return netio.Listen(spec, warn)
	}
	for _, ln := range s.opened { // the system compares with sockets that listen
		if o := ln.Spec(); spec.Overlaps(&o) {
			return nil, &netio.OpError{Op: "bind() to " + spec.Addr.String(), Errno: syscall.EADDRINUSE}
		}
	}
	return netio.Bind(spec, warn)
}
