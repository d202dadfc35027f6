package pass

import (
	"errors"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/chunked"
)

// send sends the request: head and body in one write where the body is small.
func (x *Exchange) send() (Fail, httpd.Result) {
	x.R.Action("sending request to upstream")
	if x.R.Debugging() {
		x.R.Debugf("http upstream send request")
	}
	x.sent = true
	if x.Stream {
		return x.sendStream()
	}
	body := &x.R.Body
	head := x.out.B[:x.outLen]
	x.conn.Net.SetWriteTimeout(msec(x.S.SendTimeout))
	var err error
	switch {
	case x.NoBody || body.Mem == nil && body.File == nil:
		err = x.ask(head)
	case body.File != nil:
		err = x.sendFile(head)
	case len(head)+len(body.Mem) <= len(x.out.B):
		n := copy(x.out.B[x.outLen:], body.Mem)
		err = x.ask(x.out.B[:x.outLen+n])
	case len(body.Mem) <= atOnce:
		_, err = x.conn.Write2(head, body.Mem)
	default:
		if err = x.more(head); err == nil {
			err = x.write(body.Mem)
		}
	}
	return x.sendDone(err)
}

// ask sends a complete request and waits for the first bytes of the response,
// which readHeader finds.
func (x *Exchange) ask(q []byte) error {
	if x.conn.TLS() != nil || x.in != nil {
		return x.write(q)
	}
	limit := max(msec(x.S.ReadTimeout), time.Millisecond)
	step := min(limit, look) // see Ask for what it may not notice
	x.conn.Net.SetReadTimeout(step)
	x.R.BeginWait()
	b, n, sent, err := x.conn.Ask(x.now, q, x.S.pool)
	x.R.EndWait()
	switch {
	case sent < len(q) && err != nil:
		return err
	case sent < len(q):
		return x.write(q[sent:])
	case n > 0:
		x.in, x.asked = b, n
	case x.gone.Load():
		x.askErr = errAborted
	case !isTimeout(err), step == limit:
		x.askErr = err
	default:
		x.looked = step
	}
	return nil
}

// atOnce is the largest body for which a socket surely has room.
const atOnce = 64 << 10

// sendDone judges the end of sending.
func (x *Exchange) sendDone(err error) (Fail, httpd.Result) {
	switch {
	case err == nil:
		x.bodySent = true
		x.beginWatch()
	case errors.Is(err, errEarly):
	case errors.Is(err, errAborted), x.gone.Load():
		x.aborted()
		return 0, httpd.StatusClientClosed
	case isTimeout(err):
		return FailTimeout, httpd.OK
	case x.conn.TLS() == nil && x.conn.Net.InQueue() > 0:
		// The peer answered before it closed: the answer counts.
	default:
		x.connError(err, "writev() failed")
		return FailError, httpd.OK
	}
	return 0, httpd.OK
}

// errEarly says that the peer has answered although the request is not
// complete; the rest of it is not sent.
var errEarly = errors.New("early response")

// write sends p. While it waits it looks whether the peer has answered already
// and whether the client is still there.
func (x *Exchange) write(p []byte) error {
	c := x.conn
	if c.TLS() != nil {
		_, err := c.Write(p)
		return err
	}
	left := msec(x.S.SendTimeout)
	for {
		step := min(max(left, time.Millisecond), look)
		c.Net.SetWriteTimeout(step)
		x.R.BeginWait()
		n, err := c.Write(p)
		x.R.EndWait()
		if err == nil || !isTimeout(err) {
			return err
		}
		if n > 0 {
			p, left = p[n:], msec(x.S.SendTimeout)
		} else if left -= step; left <= 0 {
			return err
		}
		if err := x.interrupted(); err != nil {
			return err
		}
	}
}

// interrupted reports why sending is to stop.
func (x *Exchange) interrupted() error {
	switch {
	case x.conn.Readable():
		return errEarly
	case x.clientGone():
		return errAborted
	}
	return nil
}

// more sends p, with more to follow at once.
func (x *Exchange) more(p []byte) error {
	x.conn.Net.SetWriteTimeout(msec(x.S.SendTimeout))
	_, err := x.conn.WriteMore(p)
	return err
}

// sendFile sends the head and a body that is in a temporary file.
func (x *Exchange) sendFile(head []byte) error {
	body := &x.R.Body
	if err := x.more(head); err != nil {
		return err
	}
	if x.conn.TLS() == nil {
		return x.sendfile(int(body.File.Fd()), body.Size)
	}
	b := buf.Sized(32 << 10)
	defer b.Free()
	for off := int64(0); off < body.Size; {
		n, err := body.File.ReadAt(b.B[:min(int64(len(b.B)), body.Size-off)], off)
		if n == 0 {
			return err
		}
		if err := x.write(b.B[:n]); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// sendfile is write for size bytes of a file.
func (x *Exchange) sendfile(fd int, size int64) error {
	left := msec(x.S.SendTimeout)
	for off := int64(0); ; {
		step := min(max(left, time.Millisecond), look)
		x.conn.Net.SetWriteTimeout(step)
		n, err := x.conn.Sendfile(fd, off, size-off)
		if off += n; off == size || err != nil && !isTimeout(err) {
			return err
		}
		if n > 0 {
			left = msec(x.S.SendTimeout)
		} else if left -= step; left <= 0 {
			return err
		}
		if err := x.interrupted(); err != nil {
			return err
		}
	}
}

// sendStream sends the body as it comes from the client. It stops when the
// peer answers.
func (x *Exchange) sendStream() (Fail, httpd.Result) {
	r := x.R
	if r.Core().TCPNoDelay() {
		_ = x.conn.Net.SetNoDelay(true)
	}
	x.endWatch() // a client may close its side when it has sent its body
	if x.gone.Load() {
		return x.sendDone(errAborted)
	}
	if err := x.sendPiece(x.outLen, r.Body.Mem); err != nil {
		return x.sendDone(err)
	}
	b := buf.Sized(streamSize)
	defer b.Free()
	for !r.BodyDone() {
		switch err := x.awaitBody(); {
		case isTimeout(err):
			return 0, r.BodyFailed(err)
		case err != nil:
			return x.sendDone(err)
		}
		n, err := r.BodyReady(b.B)
		if err == nil && n == 0 && !r.BodyDone() {
			n, err = x.nextPiece(b.B)
		}
		if err != nil {
			return 0, r.BodyFailed(err)
		}
		if err := x.sendPiece(0, b.B[:n]); err != nil {
			return x.sendDone(err)
		}
	}
	return x.sendDone(nil)
}

const streamSize = 16 << 10

// nextPiece waits for the next bytes of the body. They are no more than p holds
// because that is how much is read at once.
func (x *Exchange) nextPiece(p []byte) (int, error) {
	piece, err := x.R.BodyNext()
	if x.R.BodyDone() {
		err = nil
	}
	return copy(p, piece), err
}

// sendPiece sends what is left of the head, n bytes, and a piece of the body,
// with what ends the body if that was all of it: in one write if they fit the
// head's buffer.
func (x *Exchange) sendPiece(n int, piece []byte) error {
	b := x.out.B[:n]
	if n == 0 {
		b = x.out.B[x.outLen:x.outLen]
	}
	var tail []byte
	if x.Chunked {
		tail = lastChunk
		if !x.R.BodyDone() {
			tail = nil
		}
		if len(piece) > 0 {
			b = chunked.AppendHeader(b, int64(len(piece)))
			tail = chunkEnd[:len(chunked.CRLF)+len(tail)]
		}
	}
	if cap(b)-len(b) >= len(piece)+len(tail) {
		b = append(append(b, piece...), tail...)
		if len(b) == 0 {
			return nil
		}
		return x.write(b)
	}
	if len(b) > 0 {
		if err := x.more(b); err != nil {
			return err
		}
	}
	if len(tail) == 0 {
		return x.write(piece)
	}
	if err := x.more(piece); err != nil {
		return err
	}
	return x.write(tail)
}

var chunkEnd = []byte(chunked.CRLF + chunked.LastChunk)

var lastChunk = []byte(chunked.LastChunk)

// awaitBody waits for bytes of the body, looking at the peer meanwhile.
func (x *Exchange) awaitBody() error {
	if x.R.BodyBuffered() || x.R.Conn().TLS() != nil {
		return nil
	}
	if err := x.R.TestExpect(); err != nil {
		return nil // BodyNext finds it too
	}
	left := msec(x.R.Core().BodyTimeout())
	for left > 0 {
		step := min(left, look/4)
		if err := x.R.Conn().Net().WaitReadableFor(step); !isTimeout(err) {
			return nil // for bytes or for an error, which BodyNext finds
		}
		if x.conn.Readable() {
			return errEarly
		}
		left -= step
	}
	return netio.ErrTimeout
}
