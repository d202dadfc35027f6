// Package netio is the server's floor: listening sockets, connections, waiting
// with timeouts, parking of idle connections.
//
// It stands for nginx's ngx_connection.c, ngx_event_accept.c,
// ngx_event_connect.c, ngx_inet.c (printing) and the os/unix send and receive
// chains. The programming model differs: one goroutine per connection runs
// straight-line blocking code, and waiting is the Go runtime's poller.
//
//	l, err := netio.Listen(&netio.ListenSpec{Addr: addr}, warn)
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
// A keep-alive request costs one read that returns data, one that says EAGAIN
// and one write; no timer is touched (see Conn.SetReadTimeout) and nothing is
// allocated. Sockets are non-blocking and registered with the poller once, by
// os.NewFile; the calls on them bypass the scheduler (package raw).
//
// A connection that stays idle can give up its goroutine as well: Conn.Park.
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
