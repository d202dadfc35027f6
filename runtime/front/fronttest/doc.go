// Package fronttest has connections in memory, for tests with a fake clock:
//
//	fronttest.Bubble(t, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
//		in.Use(cfg, nil)
//		client := n.Dial(in, key)
//		...
//	})
//
// The server's end is a front.Transport, the client's a net.Conn. All waits are for
// channels and timers, as testing/synctest requires: time does not advance while a
// goroutine runs, and every timeout ends at its exact time. There is no TLS, which needs
// a socket.
package fronttest
