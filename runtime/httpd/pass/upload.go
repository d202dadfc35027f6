package pass

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// upload sends the rest of a request while the response is read: a peer may answer
// before it has the whole request, or while it comes. Its goroutine owns the
// writing side of the connection to the peer and, for a body that is passed on as it
// comes, the reading side of the client's connection. It ends before the exchange
// gives up the connection to the peer.
type upload struct {
	x    *Exchange
	conn *upstream.Conn
	flow httpd.BodyFlow // the rest of a body that comes; nil for one that is there
	head []byte         // what precedes a body that is there
	rest *buf.Buf       // what has come of the body and was not sent yet; nil: nothing. flow follows

	ended    chan struct{} // closed at the end
	err      error         // then: why it is not complete, nil if it is
	client   bool          // ... and that this is the client's fault
	at       int64         // ... and when it ended, by clock.Mono
	answered atomic.Bool   // the response header is there: a peer may leave the rest of the request unread
	stopped  atomic.Bool   // the exchange has no use for the rest
	failing  atomic.Bool   // the exchange is to end by it
}

// errUpload says that a failed upload ends the exchange: what the client sent is no
// body, or one of the two sides was silent for too long. A peer that has answered may
// be.
var errUpload = errors.New("upload failed")

// beginUpload starts an upload, which has what is to be sent.
func (x *Exchange) beginUpload(u *upload) {
	u.x, u.conn, u.ended = x, x.conn, make(chan struct{})
	x.up = u
	go u.run()
}

func (u *upload) run() {
	defer close(u.ended)
	defer u.x.R.Caught(func() { u.fail(errBroken) })
	switch {
	case u.rest != nil:
		u.err = u.sendRest()
	case u.flow != nil:
		u.err = u.sendFlow()
	default:
		u.err = u.sendBody()
	}
	u.at = clock.Mono()
	switch {
	case u.stopped.Load():
	case u.client, isTimeout(u.err) && u.inTime():
		u.fail(u.err)
	default:
		// Any other failure shows when the response is read, behind the bytes that
		// the peer has sent.
		if u.err == nil && u.flow != nil {
			u.flow.Passed()
		}
		u.x.beginWatch()
	}
}

// fail makes the exchange end.
func (u *upload) fail(why error) {
	u.err = why
	if !u.failing.Swap(true) && u.flow != nil {
		u.flow.Lose()
	}
	_ = u.conn.Net.SetReadDeadline(time.Unix(1, 0))
}

// inTime reports whether the peer has to take the request in time. One that has answered may leave it, unless it goes on to
// take it, as with a Metered framing.
func (u *upload) inTime() bool {
	_, metered := u.x.Framing.(Metered)
	return metered || !u.answered.Load()
}

// sendRest sends what came of the body before the upload began, and then what comes.
func (u *upload) sendRest() error {
	err := u.x.sendPiece(u.conn, 0, u.rest.B, u.flow == nil, u.write)
	u.rest.Free()
	if err != nil || u.flow == nil {
		return err
	}
	return u.sendFlow()
}

// sendFlow sends a body as it comes.
func (u *upload) sendFlow() error {
	for {
		piece, err := u.flow.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			u.client = true
			return err
		}
		if err := u.x.sendPiece(u.conn, 0, piece, u.flow.Done(), u.write); err != nil {
			return err
		}
		if u.flow.Done() {
			return nil
		}
	}
}

// sendBody sends a body that is there.
func (u *upload) sendBody() error {
	body := &u.x.R.Body
	u.conn.Net.SetWriteTimeout(msec(u.x.S.SendTimeout))
	if _, err := u.conn.WriteMore(u.head); err != nil {
		return err
	}
	switch {
	case u.x.Framing != nil:
		return u.sendFramed()
	case body.File == nil:
		return u.write(body.Mem)
	case u.conn.TLS() == nil:
		n, err := u.conn.Sendfile(int(body.File.Fd()), 0, body.Size)
		if err == nil && n < body.Size {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	b := buf.Sized(32 << 10)
	defer b.Free()
	for off := int64(0); off < body.Size; {
		n, err := body.File.ReadAt(b.B[:min(int64(len(b.B)), body.Size-off)], off)
		if n == 0 {
			return err
		}
		if err := u.write(b.B[:n]); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

func (u *upload) write(p []byte) error {
	u.conn.Net.SetWriteTimeout(msec(u.x.S.SendTimeout))
	_, err := u.conn.Write(p)
	return err
}

// running reports whether there is more to send.
func (u *upload) running() bool {
	select {
	case <-u.ended:
		return false
	default:
		return true
	}
}

// joinUpload ends the upload. It is called before the connection to the peer is
// closed or kept.
func (x *Exchange) joinUpload() {
	u := x.up
	if u == nil {
		return
	}
	if u.running() {
		u.stopped.Store(true)
		if u.flow != nil {
			u.flow.Interrupt()
		}
		_ = u.conn.Net.SetWriteDeadline(time.Unix(1, 0))
		x.MoreRoom() // it may wait for that
		<-u.ended
		_ = u.conn.Net.SetWriteDeadline(time.Time{}) // it may have been complete by then, and conn is kept
	}
	x.bodySent = u.err == nil
}

// attachUpload gives the request its body back, after joinUpload. It is for the
// request's goroutine. The error is what the client did wrong.
func (x *Exchange) attachUpload() error {
	u := x.up
	if u == nil {
		return nil
	}
	x.up = nil
	if u.flow == nil {
		return nil
	}
	err := x.R.AttachBody(u.flow)
	if !u.failing.Load() || !u.client {
		return nil
	}
	return err
}

// endUpload ends the upload and gives the request its body back, where the outcome
// of the exchange does not depend on either any more.
func (x *Exchange) endUpload() {
	x.joinUpload()
	_ = x.attachUpload() // an error is logged, and the connection is not kept
}

// uploadFailed judges why an upload ended the exchange, or is to blame for the
// error of reading the response; false: it is not.
func (x *Exchange) uploadFailed() (fail Fail, rc httpd.Result, ok bool) {
	u := x.up
	if u != nil && u.failing.Load() {
		<-u.ended
	}
	if u == nil || u.running() || u.err == nil {
		return 0, 0, false
	}
	x.joinUpload()
	x.R.Action("sending request to upstream")
	if err := x.attachUpload(); err != nil {
		return 0, x.R.BodyFailed(err), true
	}
	fail, rc = x.sendDone(u.err)
	return fail, rc, fail != 0 || rc != httpd.OK
}

// extendHead reports whether a read of the response header that has timed out goes on
// for another time: *_read_timeout counts from the end of the request. left is for
// how long.
func (x *Exchange) extendHead() (left time.Duration, ok bool) {
	u := x.up
	if u == nil || x.headUntil == 0 {
		return 0, false
	}
	from := clock.Mono()
	left = msec(x.S.ReadTimeout)
	if !u.running() {
		left -= time.Duration(from - u.at)
	}
	if left <= 0 {
		return 0, false
	}
	x.headUntil = from + int64(left)
	x.conn.ReadBy(x.headUntil)
	return left, true
}
