package pass

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// duplex is an upgraded connection, or that of a CONNECT request: bytes flow both ways
// until one side ends, each way in a netio.Stream. Neither holds a buffer while it waits for
// bytes, nor does a plain connection hold a goroutine. The request's own waits for the end of both.
type duplex struct {
	active atomic.Int64  // clock.Mono of the last bytes from the client
	over   atomic.Bool   // the client's side has ended
	ended  chan struct{} // one value for each side that has ended

	toPeer   error // that ended the client's side: of sending
	toClient error // that ended the peer's side: of sending, or errIdle
	stopped  bool  // the peer's side ended first

	pool  *buf.Pool     // of the next read from the peer
	limit time.Duration // between two pieces
	from  int64         // clock.Mono of the last bytes from the peer
}

// duplex runs the connection.
func (x *Exchange) duplex() httpd.Result {
	r := x.R
	if r.Parent() != nil {
		r.Errorf(nil, "connection upgrade in subrequest")
		return x.finish(httpd.Error)
	}
	x.endUpload()
	// A client that ends its side has sent bytes before that are the peer's.
	if x.endWatch(); x.gone.Load() {
		return x.failed(errAborted)
	}
	r.CloseConnection()
	r.Action("proxying upgraded connection")
	taken := r.Hijack()
	client := taken.Socket
	if r.Core().TCPNoDelay {
		_ = client.SetNoDelay(true)
		_ = x.conn.Net.SetNoDelay(true)
	}
	if err := r.Flush(); err != nil {
		return x.finish(httpd.Error)
	}
	if taken.Stream != client { // TLS, or none of netio's
		if err := client.Share(); err != nil {
			return x.finish(httpd.Error)
		}
	}
	netio.PrepareStream(taken.Stream, taken.Poller)
	netio.PrepareStream(x.conn.Stream(), taken.Poller)
	x.dropHead()
	client.SetReadTimeout(0)
	x.conn.Net.SetWriteTimeout(msec(x.S.SendTimeout))
	f := &duplex{ended: make(chan struct{}, 2), pool: x.S.pool, limit: max(msec(x.S.ReadTimeout), time.Millisecond)}
	x.flow = f
	f.from = clock.Mono()
	f.active.Store(f.from)
	go x.fromClient(&taken)
	x.fromPeer(&taken)
	<-f.ended
	<-f.ended
	if f.stopped && isTimeout(f.toPeer) {
		f.toPeer = nil
	}
	_ = client.SetReadDeadline(time.Time{})
	x.Keepalive = false
	x.bodySent = false
	switch {
	case errors.Is(f.toClient, errIdle), f.toPeer != nil && isTimeout(f.toPeer):
		r.Logf(errlog.Info, errTimedOut, "upstream timed out")
	case f.toClient != nil, f.toPeer != nil:
		return x.finish(httpd.Error)
	}
	return x.finish(httpd.Done)
}

// ownHeader copies the header of a response that may take long into memory of the request,
// where it takes less than its buffer. That one is given back when what came behind the
// header has been sent.
func (x *Exchange) ownHeader() {
	p := &x.Response
	if p.Line != nil {
		p.Line = x.R.Copy(p.Line)
	}
	for i := range p.Fields {
		f := &p.Fields[i]
		f.Name, f.Value = x.R.Copy(f.Name), x.R.Copy(f.Value)
	}
}

// dropHead gives the buffer of the request's head, which was sent, back but for the URI,
// which the error log shows.
func (x *Exchange) dropHead() {
	if x.outLen == 0 {
		return
	}
	uri := x.out.B[x.uriFrom:x.uriTo]
	b := buf.Sized(max(len(uri), 1))
	x.outLen = copy(b.B, uri)
	x.uriFrom, x.uriTo = 0, x.outLen
	x.out.Free()
	x.out = b
}

var errIdle = errors.New("nothing came through")

// fromClient begins to copy from the client, with what it has sent already.
func (x *Exchange) fromClient(client *httpd.Hijacked) {
	defer x.R.Caught(x.clientEnded)
	if len(client.Input) > 0 {
		if x.flow.toPeer = x.forward(client.Input); x.flow.toPeer != nil {
			x.clientEnded()
			return
		}
	}
	done := func(err error) {
		defer x.R.Caught(x.clientEnded)
		if err != nil && !isEOF(err) && !isTimeout(err) {
			x.R.Logf(errlog.Info, err, "%s", httpd.ReadFailed(err))
		}
		x.clientEnded()
	}
	if !netio.Stream(client.Stream, client.Poller, x.S.pool, x.pieceToPeer, done) {
		done(netio.ReadEach(client.Stream, x.S.pool, x.pieceToPeer))
	}
}

// pieceToPeer passes a piece from the client on.
func (x *Exchange) pieceToPeer(b *buf.Buf, n int) *buf.Pool {
	defer x.R.Caught(nil)
	x.flow.active.Store(clock.Mono())
	x.flow.toPeer = x.forward(b.B[:n])
	full := n == len(b.B)
	b.Free()
	if x.flow.toPeer != nil {
		return nil
	}
	return x.nextPool(full, x.conn.Net)
}

// clientEnded ends the client's side, and the peer's by that.
func (x *Exchange) clientEnded() {
	x.flow.over.Store(true)
	_ = x.conn.Net.SetReadDeadline(time.Unix(1, 0))
	x.flow.ended <- struct{}{}
}

// nextPool is the pool of the next read of what goes on to a receiver at once: one of
// larger buffers where the buffer before was full, and as far as the receiver takes more.
// For one that takes nothing no more is held than *_buffer_size.
func (x *Exchange) nextPool(full bool, to interface{ SendRoom() int }) *buf.Pool {
	if !full {
		return x.S.pool
	}
	room := to.SendRoom()
	switch {
	case room >= readSize:
		return readPool
	case room/2 <= int(x.S.BufferSize):
		return x.S.pool
	}
	return buf.Class(room/2 + 1) // at most room
}

// forward writes p to the peer. The caller says that this took too long.
func (x *Exchange) forward(p []byte) error {
	_, err := x.conn.Write(p)
	if err != nil && !isTimeout(err) {
		x.connError(err, "send() failed")
	}
	return err
}

// fromPeer begins to copy from the peer, with what came behind the response header.
func (x *Exchange) fromPeer(client *httpd.Hijacked) {
	defer x.R.Caught(func() { x.peerEnded(client) })
	o := &x.body.piece
	if x.inPos < x.inEnd {
		*o = httpd.Out{Mem: x.in.B[x.inPos:x.inEnd], Flush: true}
		x.flow.toClient = x.R.Output(o)
		*o = httpd.Out{}
	}
	if x.in != nil {
		x.in.Free()
		x.in = nil
	}
	if x.flow.toClient != nil {
		x.peerEnded(client)
		return
	}
	x.streamPeer(client)
}

// streamPeer copies what the peer sends from now on, until nothing has come through either way
// for proxy_read_timeout.
func (x *Exchange) streamPeer(client *httpd.Hijacked) {
	f := x.flow
	done := func(err error) {
		defer x.R.Caught(func() { x.peerEnded(client) })
		if x.renewed(err) {
			x.streamPeer(client)
			return
		}
		x.peerFailed(err)
		x.peerEnded(client)
	}
	for {
		left := f.limit - time.Duration(clock.Mono()-max(f.from, f.active.Load()))
		if left <= 0 {
			f.toClient = errIdle
			x.peerEnded(client)
			return
		}
		x.conn.Net.SetReadTimeout(left)
		if netio.Stream(x.conn.Stream(), client.Poller, f.pool, x.pieceToClient, done) {
			return
		}
		if err := netio.ReadEach(x.conn.Stream(), f.pool, x.pieceToClient); !x.renewed(err) {
			x.peerFailed(err)
			x.peerEnded(client)
			return
		}
	}
}

// renewed tells whether the peer's side has ended because of time that bytes from the client may
// have renewed.
func (x *Exchange) renewed(err error) bool { return isTimeout(err) && !x.flow.over.Load() }

// peerFailed logs why the peer's side has ended, where that is a failure.
func (x *Exchange) peerFailed(err error) {
	if err != nil && !isTimeout(err) && !isEOF(err) {
		x.connError(err, httpd.ReadFailed(err))
	}
}

// pieceToClient passes a piece from the peer on.
func (x *Exchange) pieceToClient(b *buf.Buf, n int) *buf.Pool {
	defer x.R.Caught(nil)
	f, o := x.flow, &x.body.piece
	f.from = clock.Mono()
	x.state().Received += int64(n)
	*o = httpd.Out{Mem: b.B[:n], Flush: true}
	f.toClient = x.R.Output(o)
	*o = httpd.Out{}
	full := n == len(b.B)
	b.Free()
	if f.toClient != nil {
		return nil
	}
	x.conn.Net.SetReadTimeout(f.limit)
	f.pool = x.nextPool(full, x.R.Client().Socket)
	return f.pool
}

// peerEnded ends the peer's side, and the client's by that.
func (x *Exchange) peerEnded(client *httpd.Hijacked) {
	x.flow.stopped = !x.flow.over.Load() // else the client's has ended by itself
	_ = client.Socket.SetReadDeadline(time.Unix(1, 0))
	_ = x.conn.Net.SetWriteDeadline(time.Unix(1, 0)) // the peer may take nothing more
	x.flow.ended <- struct{}{}
}
