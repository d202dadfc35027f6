package http1

import (
	"errors"
	"io"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/proxyproto"
)

// begin takes the PROXY header and the TLS handshake. False ends the
// connection.
func (c *Conn) begin() bool {
	c.nc.SetWriteTimeout(httpd.Msec(c.addr.Default.Root.Core.SendTimeout))
	if !c.addr.ProxyProtocol && !c.addr.SSL {
		return true
	}
	if err := c.srv.opens(c); err != nil {
		return false
	}
	defer c.srv.opened(c)
	c.setReusable()
	ok := c.preamble()
	c.nc.SetWriteTimeout(httpd.Msec(c.addr.Default.Root.Core.SendTimeout))
	return c.clearReusable() && ok
}

// preamble reads the PROXY header and makes the handshake. False ends the
// connection.
func (c *Conn) preamble() bool {
	if c.addr.ProxyProtocol && !c.readProxy() {
		return false
	}
	if c.addr.SSL {
		return c.handshake()
	}
	return true
}

// firstUntil is the monotonic time by which the header of a connection's first
// request is to be there, with the PROXY header, the TLS handshake and all
// waits before it: client_header_timeout from the accept on.
func (c *Conn) firstUntil() int64 { return c.client.Start + c.addr.Default.Conf.HeaderTimeout*1e6 }

// opensFor returns how long a connection that has no request yet may still wait;
// netio.ErrTimeout: no longer.
func (c *Conn) opensFor() (time.Duration, error) {
	left := time.Duration(c.firstUntil() - clock.Mono())
	if left <= 0 {
		return 0, netio.ErrTimeout
	}
	return left, nil
}

// readBy makes the reads that follow end at the monotonic time until.
func (c *Conn) readBy(until int64) {
	c.readWithin(max(time.Duration(until-clock.Mono()), 1), until) // 0 would be no limit
}

// readWithin gives every wait for bytes the time d. A read of plain text waits once
// for every part in which its TLS record comes: until, if it is not 0, is the
// monotonic time by which it ends nevertheless.
func (c *Conn) readWithin(d time.Duration, until int64) {
	c.nc.SetReadTimeout(d)
	if c.layer != nil {
		c.layer.ReadBy(until)
	}
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
		_ = c.nc.SetReadDeadline(time.Now().Add(idleGrace)) // the connection is open
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
// handshake idleGrace to finish, as connections that wait for a request have.
func (s *Instance) boundOpening() {
	s.openingMu.Lock()
	defer s.openingMu.Unlock()
	for c := range s.opening {
		_ = c.nc.SetReadDeadline(time.Now().Add(idleGrace)) // an error shows up at the next read
	}
}

// readProxy reads the PROXY protocol header that a load balancer sends first. Bytes
// that came after it are left in the connection's input.
func (c *Conn) readProxy() bool {
	c.action = "reading PROXY protocol"
	b := buf.Sized(proxyproto.MaxHeader)
	defer b.Free()
	n := 0
	for {
		m, err := c.readOpening(b.B[n:proxyproto.MaxHeader])
		if err != nil {
			c.proxyFailed(err)
			return false
		}
		if n += m; n == proxyproto.MaxHeader || !proxyproto.Incomplete(b.B[:n]) {
			break
		}
	}
	h := new(proxyproto.Header)
	used, err := proxyproto.Read(b.B[:n], h)
	if err != nil {
		c.logf(errlog.Error, nil, "%s", err.Error())
		return false
	}
	h.Source = append([]byte(nil), h.Source...)
	h.Destination = append([]byte(nil), h.Destination...)
	h.TLVs = append([]byte(nil), h.TLVs...)
	c.client.Proxy = h
	c.action = ""
	if used < n {
		c.keepInput(c.addr.Default.Conf, b.B[used:n])
		c.setWaiting(false)
	}
	return true
}

// readOpening reads what a client sends first.
func (c *Conn) readOpening(p []byte) (int, error) {
	left, err := c.opensFor()
	if err != nil {
		return 0, err
	}
	c.nc.SetReadTimeout(left)
	n, err := c.nc.Read(p)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// proxyFailed logs why no PROXY header came.
func (c *Conn) proxyFailed(err error) {
	switch {
	case httpd.IsTimeout(err):
		c.timedOut = true
		c.logf(errlog.Info, httpd.ErrTimedOut, "client timed out")
	case errors.Is(err, io.EOF):
		c.logf(errlog.Info, nil, "client closed connection")
	default:
		c.logf(errlog.Info, err, "recv() failed")
	}
}
