// Package netio is the server's lowest layer: listening sockets, connections,
// waiting with timeouts, parking of idle connections.
//
// It corresponds to nginx's ngx_connection.c, ngx_event_accept.c,
// ngx_event_connect.c, ngx_inet.c (printing) and the os/unix send and receive
// chains. The programming model differs: a goroutine runs straight-line
// blocking code, and waits in the Go runtime's poller, or in an idle poller (Conn.WaitIn). Between requests a
// connection needs no goroutine: it is parked in an idle poller (Conn.Park), which
// watches its descriptor and resumes it on another goroutine.
//
// # Words
//
// An idle poller is an [IdlePoller], which holds parked connections. On Linux it has an epoll
// instance of its own. A wakeFD is an eventfd by which one goroutine wakes up another
// that waits in a poller. A time slice is the batch of reads or writes that a goroutine does
// without a wait before it yields. The gate is where goroutines wait that yield. To
// recall parked connections is to resume them because the configuration has changed.
//
//	l, err := netio.Listen(&netaddr.ListenSpec{Addr: addr}, warn)
//	...
//	for {
//		c, err := l.Accept()
//		if err != nil {
//			return err // ErrStopped, ErrClosed
//		}
//		go serve(c)
//	}
//
//	func serve(c *netio.Conn) {
//		defer c.Release()
//		c.SetReadTimeout(75 * time.Second)
//		for {
//			b, n, err := c.ReadPooled(pool) // no buffer is held while waiting
//			if err != nil {
//				return
//			}
//			c.Write(answer(b.B[:n]))
//			b.Free()
//		}
//	}
//
// # Cost
//
// A keep-alive request of a connection that parks costs one read and one write,
// and its share of an epoll_wait that reports many; a connection that waits for its
// next request costs one more read, which returns EAGAIN. No timer is touched (see
// Conn.SetReadTimeout) and nothing is allocated. Sockets are non-blocking; the
// calls on them bypass the scheduler (package raw). They are registered with the
// runtime's poller when they first have to wait there.
//
// nginx bounds the reads and writes per event. Here a goroutine that reads or
// writes for 2 ms without waiting (its time slice) yields: Yield, Conn.Spend.
//
// # Errors
//
// Failures of a connection are bare syscall.Errno values, io.EOF, ErrTimeout or
// ErrClosed; those of listening sockets are *OpError in nginx's words.
//
// # Not supported
//
// Datagram sessions (a datagram Listener only opens the socket), abstract unix
// sockets, IPv6 zones, the accept mutex.
package netio
