package front

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// QuitGrace is how long a server that quits leaves a connection to finish what it has
// begun, or to send a request that is on its way: see docs/adr/0013.
const QuitGrace = 500 * time.Millisecond

// open takes the PROXY header and the TLS handshake. False ends the connection.
func (c *Conn) open() bool {
	c.nc.SetWriteTimeout(c.opening.SendTimeout)
	if !c.opening.ProxyProtocol && c.opening.TLS == nil {
		return true
	}
	if err := c.in.opens(c); err != nil {
		return false
	}
	defer c.in.opened(c)
	c.SetReusable()
	ok := c.preamble()
	c.nc.SetWriteTimeout(c.opening.SendTimeout)
	return c.ClearReusable() && ok
}

// preamble reads the PROXY header and makes the handshake. False ends the
// connection.
func (c *Conn) preamble() bool {
	if c.opening.ProxyProtocol && !c.readProxy() {
		return false
	}
	if c.opening.TLS != nil {
		return c.handshake()
	}
	return true
}

// opensFor returns how long a connection that is not open yet may still wait;
// netio.ErrTimeout: no longer.
func (c *Conn) opensFor() (time.Duration, error) {
	left := time.Duration(c.OpenUntil() - clock.Mono())
	if left <= 0 {
		return 0, netio.ErrTimeout
	}
	return left, nil
}

// opens registers a connection that is about to wait for its PROXY header or its
// handshake, so that it does not hold up a server that quits. opened removes it.
func (s *Instance) opens(c *Conn) error {
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

// opened undoes opens, once the PROXY header and the handshake are there.
func (s *Instance) opened(c *Conn) {
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
