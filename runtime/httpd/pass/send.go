package pass

import (
	"errors"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
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
	q := x.out.B[x.outFrom:x.outLen]
	x.conn.Net.SetWriteTimeout(msec(x.S.SendTimeout))
	switch {
	case x.Framing != nil:
		return x.sendFramed(q)
	case x.NoBody || len(body.Mem) == 0 && body.File == nil:
	case body.File != nil, len(body.Mem) > atOnce:
		x.beginUpload(&upload{head: q})
		return 0, httpd.OK
	case len(q)+len(body.Mem) <= len(x.out.B):
		q = x.out.B[:x.outLen+copy(x.out.B[x.outLen:], body.Mem)]
	default:
		_, err := x.conn.Write2(q, body.Mem)
		return x.sendDone(err)
	}
	return x.sendDone(x.ask(q))
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
//
//go:noinline
func (x *Exchange) sendDone(err error) (Fail, httpd.Result) {
	switch {
	case err == nil:
		x.bodySent = true
		x.beginWatch()
	case errors.Is(err, errEarly):
	case errors.Is(err, errAborted), x.gone.Load():
		return 0, x.aborted()
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

// write sends p. While it waits it checks whether the peer has answered already and
// whether the client is still connected.
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
			p, left = p[n:], msec(x.S.SendTimeout) // from the last byte on, and so does step
		}
		if left -= step; left <= 0 {
			return err
		}
		if err := x.interrupted(); err != nil {
			return err
		}
	}
}

// interrupted reports why sending is to stop.
func (x *Exchange) interrupted() error {
	_, metered := x.Framing.(Metered) // its peer sends more than an answer
	switch {
	case !metered && x.conn.Readable():
		return errEarly
	case x.clientGone():
		return errAborted
	}
	return nil
}

// sendStream sends the beginning of a body that is passed on as it comes. The
// rest is an upload.
func (x *Exchange) sendStream() (Fail, httpd.Result) {
	r := x.R
	if r.Core().TCPNoDelay {
		_ = x.conn.Net.SetNoDelay(true)
	}
	x.endWatch() // a client may close its side when it has sent its body
	if x.gone.Load() {
		return x.sendDone(errAborted)
	}
	rest, err := x.sendBegun()
	r.ForgetBody() // it is not the body of anything else
	if err != nil || rest == nil && r.BodyDone() {
		return x.sendDone(err)
	}
	u := &upload{rest: rest}
	if !r.BodyDone() {
		if u.flow, err = r.DetachBody(); err != nil {
			return 0, r.BodyFailed(err)
		}
	}
	x.beginUpload(u)
	return 0, httpd.OK
}

// sendBegun sends the head with what there is of a body that comes. What the peer does not take now is the rest.
func (x *Exchange) sendBegun() (rest *buf.Buf, err error) {
	mem, last := x.R.Body.Mem, x.R.BodyDone()
	if !x.hasRoom(len(mem)) {
		rest = buf.Sized(len(mem))
		rest.B = rest.B[:copy(rest.B, mem)]
		mem, last = nil, false
	}
	return rest, x.sendPiece(x.conn, x.outLen, mem, last, x.write)
}
