package netio

import (
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

type readKind uint8

const (
	opRead readKind = iota
	opPooled
	opPeek
	opWaitRead
)

// readOp is the read that is under way: what the poller's callback works on,
// kept in the Conn so that no closure is made.
type readOp struct {
	kind  readKind
	try   bool // do not wait
	short bool // fewer bytes came than there was room for
	p     []byte
	pool  *buf.Pool
	b     *buf.Buf
	n     int
	e     syscall.Errno
	ask   []byte // to be sent before the wait
	sent  int    // of ask
	now   int64  // clock.Mono before ask is sent
}

// doRead runs c.read to its end.
func (c *Conn) doRead() (int, error) {
	c.rd.slice.spend()
	if !c.registered.Load() && c.rd.poller.Load() == nil && c.readNow() {
		return c.readDone()
	}
	return c.pollRead()
}

// pollRead runs c.read to its end, by way of the runtime's poller or that of WaitIn.
func (c *Conn) pollRead() (int, error) {
	c.rd.until = 0
	if pl := c.rd.poller.Load(); pl != nil {
		return c.readIn(pl)
	}
	return c.pollOn()
}

// pollOn runs c.read to its end by way of the runtime's poller. A wait may be under way.
func (c *Conn) pollOn() (int, error) {
	if c.parked.watched() && !c.read.try {
		c.unwatch()
	}
	if !c.registered.Load() {
		if err := c.register(); err != nil {
			return 0, err
		}
	}
	for {
		err := c.rc.Read(c.onRead)
		inUse()
		if err == nil {
			break
		}
		if err = c.rd.woke(err); err != nil {
			return 0, err
		}
	}
	return c.readDone()
}

func (c *Conn) readDone() (int, error) {
	c.read.p = nil
	if c.read.kind == opWaitRead {
		if c.read.e != 0 {
			return 0, c.read.e
		}
		return 0, nil
	}
	return result(c.read.n, c.read.e)
}

// readNow makes one attempt without the poller. False: nothing is there, and
// the caller wants to wait.
func (c *Conn) readNow() bool {
	try := c.read.try
	c.read.try = true
	c.tryRead(uintptr(c.fd))
	c.read.try = try
	return try || c.read.e != syscall.EAGAIN
}

// tryRead is the poller's callback: one attempt. False makes the goroutine
// wait until the socket reports something.
func (c *Conn) tryRead(fd uintptr) bool {
	op := &c.read
	if op.ask != nil {
		if !op.sendAsk(int(fd)) {
			return true
		}
		c.rd.begin(op.now)
		return false
	}
	c.parked.reading()
	for {
		switch op.kind {
		case opRead:
			op.n, op.e = raw.Read(int(fd), op.p)
			op.short = op.n > 0 && op.n < len(op.p)
		case opPooled:
			op.n, op.e = op.readPooled(int(fd))
		case opPeek:
			op.n, op.e = raw.Peek(int(fd), op.p)
		case opWaitRead:
			var one [1]byte
			op.n, op.e = raw.Peek(int(fd), one[:])
		}
		if op.e != syscall.EINTR {
			break
		}
	}
	c.drained = op.e == syscall.EAGAIN || op.short
	if op.e == syscall.EAGAIN && !op.try {
		c.rd.begin(0)
		return false
	}
	return true
}

// sendAsk sends what Ask was given. False: not all of it, there is nothing to
// wait for.
func (op *readOp) sendAsk(fd int) bool {
	op.sent, op.e = raw.Write(fd, op.ask, false)
	all := op.sent == len(op.ask)
	op.ask = nil
	if op.e == syscall.EAGAIN || op.e == syscall.EINTR {
		op.e = 0
	}
	return all && op.e == 0
}

// readPooled keeps the borrowed buffer only if bytes came.
func (op *readOp) readPooled(fd int) (int, syscall.Errno) {
	b := op.pool.Get()
	n, e := raw.Read(fd, b.B)
	if e != 0 || n == 0 {
		b.Free()
		return n, e
	}
	op.b, op.short = b, n < len(b.B)
	return n, e
}

// Quiet reports whether the peer has neither sent bytes that are unread nor closed
// the connection. No other goroutine may read or close the Conn meanwhile.
func (c *Conn) Quiet() bool {
	c.parked.reading()
	var one [1]byte
	for {
		switch _, e := raw.Peek(c.fd, one[:]); e {
		case syscall.EAGAIN:
			c.drained = true
			return true
		case syscall.EINTR:
		default:
			return false
		}
	}
}
