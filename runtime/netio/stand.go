package netio

import "github.com/sluiceproxy/sluice/runtime/netaddr"

// Stand returns a Conn without a socket, which has only addresses: of a connection
// from peer to local. Reads and writes fail. The caller owns it and ends with Release.
func Stand(peer, local netaddr.Addr) *Conn {
	s := newConn(-1)
	s.closed.Store(true)
	s.peer, s.local, s.haveLocal = peer, local, true
	return s
}
