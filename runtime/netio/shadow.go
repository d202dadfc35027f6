package netio

// Shadow returns a Conn without a socket that has c's addresses: what stands for
// the client in work that goes on beside its connection, or after it. Reads and
// writes fail. The caller owns it and ends with Release.
func (c *Conn) Shadow() *Conn {
	s := newConn(-1)
	s.closed.Store(true)
	s.peer, s.local, s.haveLocal = c.peer, *c.Local(), true
	return s
}
