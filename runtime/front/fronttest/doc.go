// Package fronttest has connections in memory, for tests in which time is fake:
//
//	fronttest.Bubble(t, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
//		in.Use(cfg, nil)
//		client := n.Dial(in, key)
//		...
//	})
//
// The server's end is a front.Transport, the client's a net.Conn. All waits are for
// channels and timers, so that testing/synctest sees them: time stands still while a
// goroutine runs, and every timeout ends at its exact time. There is no TLS: that needs a
// socket.
package fronttest
