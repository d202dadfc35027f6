package process

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// reap waits for the end of the worker. Its number is given back to the system while no
// call of Do uses it: until then it belongs to the process that has ended.
func (c *Child) reap() (*os.ProcessState, error) {
	for errors.Is(unix.Waitid(unix.P_PID, c.PID, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reaped = true
	return c.process.Wait()
}

// finish ends reading behind what is there.
func (c *Channel) finish() { _ = c.conn.CloseRead() }
