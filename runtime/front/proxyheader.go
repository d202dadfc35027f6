package front

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/proxyproto"
)

// readProxy reads the PROXY protocol header that a load balancer sends first. Bytes
// that came after it become the connection's input. False: the connection is to be closed.
func (c *Conn) readProxy() bool {
	c.Action("reading PROXY protocol")
	b := buf.Sized(proxyproto.MaxHeader)
	defer func() {
		if c.input != b {
			b.Free()
		}
	}()
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
		c.Logf(errlog.Error, nil, "%s", err.Error())
		return false
	}
	h.Source = append([]byte(nil), h.Source...)
	h.Destination = append([]byte(nil), h.Destination...)
	h.TLVs = append([]byte(nil), h.TLVs...)
	c.Client.Proxy = h
	c.Action("")
	if used < n {
		c.input, c.from, c.to = b, int32(used), int32(n)
		c.SetWaiting(false)
	}
	return true
}

// readOpening reads what a client sends first.
func (c *Conn) readOpening(p []byte) (int, error) {
	left, err := c.openingTime()
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
	case timedOut(err):
		c.TimedOut = true
		c.Logf(errlog.Info, syscall.ETIMEDOUT, "client timed out")
	case errors.Is(err, io.EOF):
		c.Logf(errlog.Info, nil, "client closed connection")
	default:
		c.Logf(errlog.Info, err, "recv() failed")
	}
}

// timedOut reports whether err is that of a wait that took too long.
func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
