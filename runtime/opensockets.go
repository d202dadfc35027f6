package runtime

import (
	"errors"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// A socket whose address is taken is tried again: another server may be about
// to end. The figures are nginx's.
const (
	bindTries = 5
	bindPause = 500 * time.Millisecond
)

var errStillInUse = errors.New("still could not bind()")

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
