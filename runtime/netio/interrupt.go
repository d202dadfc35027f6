package netio

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Interrupt makes reads and writes fail with ErrTimeout, those included that wait already;
// a write that is under way without a wait ends when it is complete or has to wait. Any
// goroutine may call it. Afterwards the Conn can only be closed.
func (c *Conn) Interrupt() { _ = c.SetDeadline(past) }

// past is a deadline that is over.
var past = time.Unix(1, 0)

// PeerClosed tells whether the peer has closed the connection. Unlike HungUp it
// leaves the error that is pending on the socket there.
func (c *Conn) PeerClosed() bool { return raw.PeerClosed(c.fd) }
