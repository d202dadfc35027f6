package runtime

import (
	"errors"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// A socket whose address is taken is tried again: another server may be about
// to end. The figures are nginx's.
const (
	bindTries = 5
	bindPause = 500 * time.Millisecond
)

var errStillInUse = errors.New("still could not bind()")

// sockets opens listening sockets.
type sockets struct {
	log    *errlog.Logger
	opened map[string]*netio.Listener // by key
	handed *netio.Inheritance         // those that another binary has opened
	// test is -t: a server may be running, so an address in use is no failure.
	test bool
}

// open opens the sockets of specs except those that have already is open for.
// All failures are logged as nginx logs them; on an error nothing stays open.
func (s *sockets) open(specs []netio.ListenSpec, already map[string]bool) error {
	s.opened = map[string]*netio.Listener{}
	for range bindTries {
		again := false
		for i := range specs {
			spec := &specs[i]
			if key := spec.Key(); already[key] || s.opened[key] != nil {
				continue
			}
			inUse, err := s.one(spec)
			if err != nil {
				s.close()
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
	s.close()
	s.log.Fail(errlog.Emerg, errStillInUse)
	return errStillInUse
}

// one opens a socket. inUse says that its address is taken.
func (s *sockets) one(spec *netio.ListenSpec) (inUse bool, err error) {
	warn := func(err error) { s.log.Fail(errlog.Emerg, err) }
	if ln := s.handed.Take(spec, warn); ln != nil {
		s.opened[spec.Key()] = ln
		return false, nil
	}
	ln, err := netio.Listen(spec, warn)
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

func (s *sockets) close() {
	for _, ln := range s.opened {
		_ = ln.Close() // it was never used
	}
	s.opened = nil
}
