package netio

import (
	"io"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

type writeKind uint8

const (
	opWrite writeKind = iota
	opWritev
	opSendfile
	opConnect
)

// writeOp is the write that is under way, like readOp.
type writeOp struct {
	kind  writeKind
	more  bool
	try   bool
	begun bool // connect: it is on its way
	p     []byte
	vec   [][]byte
	file  int   // sendfile: the source
	off   int64 // sendfile: where in the source
	left  int64 // sendfile: how much is still to go
	n     int64 // done so far
	err   error
}

// Write sends all of p, waiting as often as the socket is full.
func (c *Conn) Write(p []byte) (int, error) { return c.writeAll(p, false) }

// WriteMore is Write with the promise that more follows at once: a partial
// segment waits for it (MSG_MORE). Used for a header before Sendfile.
func (c *Conn) WriteMore(p []byte) (int, error) { return c.writeAll(p, true) }

// writeAll makes the first attempt without a writeOp where the Conn is not registered
// with the poller: no other goroutine can close it, and mostly one attempt is enough.
func (c *Conn) writeAll(p []byte, more bool) (int, error) {
	var first int
	if len(p) > 0 && !c.registered.Load() {
		c.wr.slice.spend()
		var e syscall.Errno
		first, e = raw.Write(c.fd, p, more)
		if first == len(p) {
			return first, nil
		}
		if e != 0 && e != syscall.EAGAIN && e != syscall.EINTR {
			return 0, e
		}
	}
	c.write = writeOp{kind: opWrite, p: p[first:], more: more}
	n, err := c.doWrite()
	return first + int(n), err
}

// Writev sends the slices of vec one after the other in as few calls as
// possible. The elements of vec are consumed: after the call they are whatever
// is left of them (nothing, without an error). vec itself stays the caller's,
// to be filled anew.
func (c *Conn) Writev(vec ...[]byte) (int64, error) {
	c.write = writeOp{kind: opWritev, vec: vec}
	return c.doWrite()
}

// Sendfile sends n bytes of the open file fd from offset off, in steps of at
// most SetSendfileChunk. The file's own position is neither used nor moved. A
// file that ends early gives io.ErrUnexpectedEOF and the count that was sent.
func (c *Conn) Sendfile(fd int, off, n int64) (int64, error) {
	if n <= 0 {
		return 0, nil
	}
	c.write = writeOp{kind: opSendfile, file: fd, off: off, left: n}
	return c.doWrite()
}

// OnBlocked makes fn be called, once, when a write is about to wait because the
// socket takes nothing more; nil calls it off. fn runs on the writer's
// goroutine, must not write to c, and should not take long.
func (c *Conn) OnBlocked(fn func()) { c.blocked = fn }

// Blocked calls what OnBlocked was given: for a writer that waits by itself.
func (c *Conn) Blocked() {
	if fn := c.blocked; fn != nil {
		c.blocked = nil
		fn()
	}
}

// doWrite runs c.write to its end.
func (c *Conn) doWrite() (int64, error) {
	c.wr.until = 0
	c.wr.slice.spend()
	op := &c.write
	if !c.writeNow() {
		for {
			err := c.rc.Write(c.onWrite)
			inUse()
			if err == nil {
				break
			}
			if err = c.wr.woke(err); err != nil {
				op.err = err
				break
			}
		}
	}
	n, err := op.n, op.err
	op.p, op.vec = nil, nil
	return n, err
}

// writeNow writes without the poller as long as the Conn is not registered
// there. False: the rest has to wait, and the Conn is registered now.
func (c *Conn) writeNow() bool {
	if c.registered.Load() {
		return false
	}
	op := &c.write
	op.try = true
	_ = c.tryWrite(uintptr(c.fd))
	op.try = false
	if op.err != nil || op.done() {
		return true
	}
	if op.err = c.register(); op.err != nil {
		return true
	}
	return false
}

// tryWrite is the poller's callback: it goes on until everything is sent, the
// socket is full (false: wait) or something failed.
func (c *Conn) tryWrite(fd uintptr) bool {
	op := &c.write
	for !op.done() {
		n, e := op.step(c, int(fd))
		switch e {
		case 0:
			if n > 0 {
				op.advance(n)
				c.wr.until = 0 // the next wait counts from here
				if !op.done() {
					c.wr.slice.look() // the peer takes it as fast as it is sent
				}
			}
		case syscall.EINTR:
		case syscall.EAGAIN:
			if op.try {
				return true
			}
			c.Blocked()
			c.wr.begin(0)
			return false
		default:
			op.err = e
		}
		if op.err != nil {
			return true
		}
	}
	return true
}

// done tells whether nothing is left to send. Connecting ends itself, by step.
func (op *writeOp) done() bool {
	switch op.kind {
	case opWrite:
		return len(op.p) == 0
	case opWritev:
		for len(op.vec) > 0 && len(op.vec[0]) == 0 {
			op.vec = op.vec[1:]
		}
		return len(op.vec) == 0
	case opSendfile:
		return op.left == 0
	}
	return op.n != 0
}

// step makes one system call.
func (op *writeOp) step(c *Conn, fd int) (int64, syscall.Errno) {
	switch op.kind {
	case opWrite:
		n, e := raw.Write(fd, op.p, op.more)
		return int64(n), e
	case opWritev:
		n, e := raw.Writev(fd, op.vec, op.more)
		return int64(n), e
	case opSendfile:
		n, e := sendfile(fd, op.file, op.off, min(op.left, c.maxChunk))
		if n == 0 && e == 0 {
			op.err = io.ErrUnexpectedEOF
		}
		return n, e
	}
	return op.connect(c, fd)
}

// connect starts the connection or asks for its outcome. On the loopback the
// outcome is there at once, so the question is worth its cost: it saves a trip
// through the poller.
func (op *writeOp) connect(c *Conn, fd int) (int64, syscall.Errno) {
	e := raw.Connect(fd, c.peer.Raw())
	if e == syscall.EINPROGRESS {
		op.begun = true
		e = raw.Connect(fd, c.peer.Raw())
	}
	switch e {
	case 0, syscall.EISCONN:
		return 1, 0
	case syscall.EINPROGRESS, syscall.EALREADY:
		return 0, syscall.EAGAIN
	case syscall.EINTR:
		return 0, e
	}
	if !op.begun {
		op.err = ConnectError(e)
		return 0, 0
	}
	return 0, e
}

// advance takes n sent bytes off what is to do.
func (op *writeOp) advance(n int64) {
	op.n += n
	switch op.kind {
	case opWrite:
		op.p = op.p[n:]
	case opSendfile:
		op.off += n
		op.left -= n
	case opWritev:
		for n > 0 {
			k := min(n, int64(len(op.vec[0])))
			op.vec[0] = op.vec[0][k:]
			n -= k
			if len(op.vec[0]) == 0 {
				op.vec = op.vec[1:]
			}
		}
	}
}
