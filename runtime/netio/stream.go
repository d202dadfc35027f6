package netio

import "github.com/sluiceproxy/sluice/runtime/buf"

// PooledReader reads into buffers of a pool, which are the caller's to free. It borrows one
// when bytes are there, and holds none while it waits. Where n is 0 there is no buffer.
type PooledReader interface {
	ReadPooled(p *buf.Pool) (b *buf.Buf, n int, err error)
}

// Stream reads one piece after the other. It calls each with n bytes in a buffer of p, which
// each frees; each returns the pool for the next piece, nil to end. At the end it calls done
// once, with the error of Read (io.EOF: the peer has finished sending), nil where each has ended
// it. Both run on other goroutines, one call after the other. Until done is called r is the
// Stream's, but for what any goroutine may call.
//
// r waits in the idle poller pl: such a wait holds neither a goroutine nor a buffer, and no read is
// made that finds nothing. The read timeout counts for each wait, whose end is noticed up to 17 ms
// late. A deadline ends the Stream with ErrTimeout only when it is set to a time that is past; Close
// ends it with ErrClosed. False: r is no Conn, or pl takes no more, and the caller has to use
// ReadEach.
func Stream(r PooledReader, pl *IdlePoller, p *buf.Pool, each func(b *buf.Buf, n int) *buf.Pool, done func(error)) bool {
	c, ok := r.(*Conn)
	return ok && pl != nil && c.stream(pl, p, each, done)
}

// ReadEach is Stream on the goroutine that calls it, which waits. Its result is what done is called
// with.
func ReadEach(r PooledReader, p *buf.Pool, each func(b *buf.Buf, n int) *buf.Pool) error {
	for p != nil {
		b, n, err := r.ReadPooled(p)
		if n == 0 {
			return err
		}
		p = each(b, n)
	}
	return nil
}

// PrepareStream is called before a Stream of r that is to wait in pl, while no other goroutine uses
// r: two pollers that wake up for every byte cost more than all that a Stream does outside the
// kernel.
func PrepareStream(r PooledReader, pl *IdlePoller) {
	if c, ok := r.(*Conn); ok && pl != nil {
		c.unregister()
	}
}
