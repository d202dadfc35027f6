//go:build unix && !linux

package process

import (
	"os"
	"time"
)

// reap waits for the end of the worker. The system has no portable way to learn of the
// end first and to give the number back later, so Do has a moment in which it is late.
func (c *Child) reap() (*os.ProcessState, error) {
	state, err := c.process.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reaped = true
	return state, err
}

// finish ends reading in a second: to end it at once discards what is there.
func (c *Channel) finish() { _ = c.conn.SetReadDeadline(time.Now().Add(time.Second)) }
