package front

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// QuitGrace is how long a server that quits leaves a connection to finish what it has
// begun, or to send a request that is on its way: see docs/adr/0013.
const QuitGrace = 500 * time.Millisecond

// open reads the PROXY header and makes the TLS handshake, where the address has them. False:
// the connection is to be closed.
//
//go:noinline
func (c *Conn) open() bool {
	c.nc.SetWriteTimeout(c.opening.SendTimeout)
	if !c.opening.ProxyProtocol && c.opening.TLS == nil {
		return true
	}
	if err := c.in.addOpening(c); err != nil {
		return false
	}
	defer c.in.removeOpening(c)
	c.SetReusable()
	ok := c.preamble()
	c.nc.SetWriteTimeout(c.opening.SendTimeout)
	return c.ClearReusable() && ok
}

// preamble is the part of open in which the connection is registered as opening.
func (c *Conn) preamble() bool {
	if c.opening.ProxyProtocol && !c.readProxy() {
		return false
	}
	if c.opening.TLS != nil {
		return c.handshake()
	}
	return true
}

// openingTime returns for how long a connection may still wait until it is open. The error
// is netio.ErrTimeout when that time is over.
func (c *Conn) openingTime() (time.Duration, error) {
	left := time.Duration(c.OpenUntil() - clock.Mono())
	if left <= 0 {
		return 0, netio.ErrTimeout
	}
	return left, nil
}

// addOpening registers a connection that is about to wait for its PROXY header or its
// handshake: a server that quits bounds its wait (boundOpening).
func (s *Instance) addOpening(c *Conn) error {
	if err := c.nc.Share(); err != nil { // so that Quit may set the deadline
		return err
	}
	s.openingMu.Lock()
	defer s.openingMu.Unlock()
	if s.opening == nil {
		s.opening = map[*Conn]struct{}{}
	}
	s.opening[c] = struct{}{}
	if s.quitting.Load() {
		_ = c.nc.SetReadDeadline(time.Now().Add(QuitGrace)) // the connection is open
	}
	return nil
}

// removeOpening undoes addOpening, and the bound of the wait.
func (s *Instance) removeOpening(c *Conn) {
	s.openingMu.Lock()
	delete(s.opening, c)
	s.openingMu.Unlock()
	_ = c.nc.SetReadDeadline(time.Time{}) // lifting a deadline does not fail
}

// boundOpening gives the connections that wait for their PROXY header or their TLS
// handshake QuitGrace to finish, as connections that wait for a request have.
func (s *Instance) boundOpening() {
	s.openingMu.Lock()
	defer s.openingMu.Unlock()
	for c := range s.opening {
		_ = c.nc.SetReadDeadline(time.Now().Add(QuitGrace)) // an error shows up at the next read
	}
}
