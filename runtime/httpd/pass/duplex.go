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
// until one side ends. The request's goroutine copies towards the client, another one
// towards the peer. Neither holds a buffer while it waits for bytes.
type duplex struct {
	active atomic.Int64 // clock.Mono of the last bytes from the client
	over   atomic.Bool  // the client's side has ended
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
	if err := x.watchEnds(&taken); err != nil {
		return x.finish(httpd.Error)
	}
	x.dropHead()
	client.SetReadTimeout(0)
	x.conn.Net.SetWriteTimeout(msec(x.S.SendTimeout))
	x.flow = &duplex{}
	x.flow.active.Store(clock.Mono())
	over := make(chan error, 1)
	go func() {
		defer x.R.Caught(func() { over <- nil })
		over <- x.toPeer(&taken)
	}()
	err := x.toClient()
	stopped := !x.flow.over.Load() // else the other direction has ended by itself
	_ = client.SetReadDeadline(time.Unix(1, 0))
	_ = x.conn.Net.SetWriteDeadline(time.Unix(1, 0)) // the peer may take nothing more
	sent := <-over
	if stopped && isTimeout(sent) {
		sent = nil
	}
	_ = client.SetReadDeadline(time.Time{})
	x.Keepalive = false
	x.bodySent = false
	switch {
	case errors.Is(err, errIdle), sent != nil && isTimeout(sent):
		r.Logf(errlog.Info, errTimedOut, "upstream timed out")
	case err != nil, sent != nil:
		return x.finish(httpd.Error)
	}
	return x.finish(httpd.Done)
}

// watchEnds prepares both sockets for the two goroutines. A plain one is watched for its end, which
// saves a futile read for each message; see netio.Conn.ReadEach.
func (x *Exchange) watchEnds(client *httpd.Hijacked) error {
	if pl := client.Poller; pl != nil {
		if client.Stream == client.Socket {
			_ = client.Socket.WatchEnd(pl) // without it there are futile reads
		}
		if nc, ok := x.conn.Stream().(*netio.Conn); ok {
			_ = nc.WatchEnd(pl)
		}
	}
	return client.Socket.Share()
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

// toPeer copies from the client until it ends, beginning with what it has sent
// already. A timeout of the peer is the error.
func (x *Exchange) toPeer(client *httpd.Hijacked) error {
	// The end of this direction ends the other one.
	defer func() {
		x.flow.over.Store(true)
		_ = x.conn.Net.SetReadDeadline(time.Unix(1, 0))
	}()
	if len(client.Input) > 0 {
		if err := x.forward(client.Input); err != nil {
			return err
		}
	}
	var sent error
	err := netio.ReadEach(client.Stream, x.S.pool, func(b *buf.Buf, n int) *buf.Pool {
		x.flow.active.Store(clock.Mono())
		sent = x.forward(b.B[:n])
		full := n == len(b.B)
		b.Free()
		if sent != nil {
			return nil
		}
		return x.nextPool(full, x.conn.Net)
	})
	if err != nil && !isEOF(err) && !isTimeout(err) {
		x.R.Logf(errlog.Info, err, "%s", httpd.ReadFailed(err))
	}
	return sent
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

// toClient copies from the peer until either side ends.
func (x *Exchange) toClient() error {
	o := &x.body.piece
	if x.inPos < x.inEnd {
		*o = httpd.Out{Mem: x.in.B[x.inPos:x.inEnd], Flush: true}
		if err := x.R.Output(o); err != nil {
			return err
		}
		*o = httpd.Out{}
	}
	if x.in != nil {
		x.in.Free()
		x.in = nil
	}
	limit := max(msec(x.S.ReadTimeout), time.Millisecond)
	from, pool := clock.Mono(), x.S.pool
	var sent error
	each := func(b *buf.Buf, n int) *buf.Pool {
		from = clock.Mono()
		x.state().Received += int64(n)
		*o = httpd.Out{Mem: b.B[:n], Flush: true}
		sent = x.R.Output(o)
		full := n == len(b.B)
		b.Free()
		if sent != nil {
			return nil
		}
		x.conn.Net.SetReadTimeout(limit)
		pool = x.nextPool(full, x.R.Client().Socket)
		return pool
	}
	for {
		left := limit - time.Duration(clock.Mono()-max(from, x.flow.active.Load()))
		if left <= 0 {
			return errIdle
		}
		x.conn.Net.SetReadTimeout(left)
		err := netio.ReadEach(x.conn.Stream(), pool, each)
		switch {
		case err == nil:
			return sent
		case isTimeout(err) && !x.flow.over.Load():
			continue // bytes from the client may have renewed the time
		case !isTimeout(err) && !isEOF(err):
			x.connError(err, httpd.ReadFailed(err))
		}
		return nil
	}
}
