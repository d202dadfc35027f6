package netio

import (
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// PooledReader reads into buffers of a pool, which are the caller's to free. It borrows one
// when bytes are there, and holds none while it waits. Where n is 0 there is no buffer.
type PooledReader interface {
	ReadPooled(p *buf.Pool) (b *buf.Buf, n int, err error)
}

// ReadEach is Conn.ReadEach for any reader.
func ReadEach(r PooledReader, p *buf.Pool, each func(b *buf.Buf, n int) *buf.Pool) error {
	if c, ok := r.(*Conn); ok {
		return c.ReadEach(p, each)
	}
	for p != nil {
		b, n, err := r.ReadPooled(p)
		if n == 0 {
			return err
		}
		p = each(b, n)
	}
	return nil
}

// ReadEach reads one piece after the other. It calls each with n bytes in a buffer of p, which
// each frees; each returns the pool for the next piece, nil to end. The error is that of Read
// (io.EOF: the peer has finished sending), nil where each has ended it. As with ReadPooled a
// wait holds no buffer.
//
// Where an idle poller watches c for its end, see WatchEnd, a read that has found less than
// there was room for is followed by the wait: that saves a read which mostly finds nothing. The
// end of the stream may have come together with these bytes, and then nothing more comes; the
// idle poller reports it, and has ReadEach look once more.
func (c *Conn) ReadEach(p *buf.Pool, each func(b *buf.Buf, n int) *buf.Pool) error {
	if c.parked.watched() {
		c.unwatch()
	}
	if err := c.register(); err != nil {
		return err
	}
	r := eachRead{c: c, pool: p, each: each}
	c.parked.streams(true)
	defer c.parked.streams(false)
	c.rd.until = 0
	for {
		err := c.rc.Read(r.try)
		if err == nil {
			break
		}
		if err = c.rd.woke(err); err != nil {
			return err
		}
	}
	if r.pool == nil {
		return nil
	}
	_, err := result(0, r.e)
	return err
}

// eachRead is a ReadEach that is under way.
type eachRead struct {
	c    *Conn
	pool *buf.Pool
	each func(b *buf.Buf, n int) *buf.Pool
	e    syscall.Errno // of the last read; 0: it found the end
}

// try is the poller's callback: it reads until there is nothing more, and then makes the
// goroutine wait, with false.
func (r *eachRead) try(fd uintptr) bool {
	inUse()
	c := r.c
	for {
		b := r.pool.Get()
		n, e := raw.Read(int(fd), b.B)
		if n > 0 {
			short := n < len(b.B)
			if r.pool = r.each(b, n); r.pool == nil {
				return true
			}
			c.rd.slice.spend()
			c.rd.until = 0
			if !short {
				continue
			}
			// In this order: an end that is reported from here on ends the wait.
			c.rd.begin(0)
			if c.parked.endWatched() {
				return false
			}
			continue
		}
		b.Free()
		switch e {
		case syscall.EINTR:
		case syscall.EAGAIN:
			c.rd.begin(0)
			return false
		default:
			r.e = e
			return true
		}
	}
}
