package netio

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Interrupt makes reads and writes fail with ErrTimeout, those that wait already
// included. The Conn is good for nothing but Close then.
func (c *Conn) Interrupt() { _ = c.SetDeadline(past) }

// past is a deadline that is over.
var past = time.Unix(1, 0)

// Closed is HungUp that leaves the error with the socket.
func (c *Conn) Closed() bool { return raw.Closed(c.fd) }
