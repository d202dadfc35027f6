package netio

// Shadow returns a Conn without a socket that has c's addresses: what stands for
// the client in work that goes on beside its connection, or after it. Reads and
// writes fail. The caller owns it and ends with Release.
func (c *Conn) Shadow() *Conn { return Stand(c.peer, *c.Local()) }

// Stand returns a Conn without a socket for a connection that there is not: from
// peer to local. As with Shadow, reads and writes fail, and the caller ends with
// Release.
func Stand(peer, local Addr) *Conn {
	s := newConn(-1)
	s.closed.Store(true)
	s.peer, s.local, s.haveLocal = peer, local, true
	return s
}
