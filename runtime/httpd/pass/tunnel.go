package pass

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// tunnel is an upgraded connection: bytes flow both ways until one side ends.
// The request's goroutine copies towards the client, another one towards the
// peer.
type tunnel struct {
	active atomic.Int64 // clock.Mono of the last bytes from the client
	over   atomic.Bool  // the client's side has ended
}

// tunnel runs the upgraded connection.
func (x *Exchange) tunnel() httpd.Result {
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
	if err := client.Share(); err != nil {
		return x.finish(httpd.Error)
	}
	client.SetReadTimeout(0)
	x.conn.Net.SetWriteTimeout(msec(x.S.SendTimeout))
	x.tunneled = &tunnel{}
	x.tunneled.active.Store(clock.Mono())
	over := make(chan error, 1)
	go func() {
		defer x.R.Caught(func() { over <- nil })
		over <- x.toPeer(&taken)
	}()
	err := x.toClient()
	stopped := !x.tunneled.over.Load() // else the other direction has ended by itself
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
	case errors.Is(err, errTunnelIdle), sent != nil && isTimeout(sent):
		r.Logf(errlog.Info, errTimedOut, "upstream timed out")
	case err != nil, sent != nil:
		return x.finish(httpd.Error)
	}
	return x.finish(httpd.Done)
}

var errTunnelIdle = errors.New("nothing came through")

// toPeer copies from the client until it ends, beginning with what it has sent
// already. A timeout of the peer is the error.
func (x *Exchange) toPeer(client *httpd.Hijacked) error {
	// The end of this direction ends the other one.
	defer func() {
		x.tunneled.over.Store(true)
		_ = x.conn.Net.SetReadDeadline(time.Unix(1, 0))
	}()
	if len(client.Input) > 0 {
		if err := x.forward(client.Input); err != nil {
			return err
		}
	}
	b := buf.Sized(tunnelBuffer)
	defer b.Free()
	for {
		n, err := client.Stream.Read(b.B)
		if n == 0 {
			if !isEOF(err) && !isTimeout(err) {
				x.R.Logf(errlog.Info, err, "%s", httpd.ReadFailed(err))
			}
			return nil
		}
		x.tunneled.active.Store(clock.Mono())
		if err := x.forward(b.B[:n]); err != nil {
			return err
		}
	}
}

const tunnelBuffer = 16 << 10

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
	}
	limit := max(msec(x.S.ReadTimeout), time.Millisecond)
	from := clock.Mono()
	for {
		left := limit - time.Duration(clock.Mono()-max(from, x.tunneled.active.Load()))
		if left <= 0 {
			return errTunnelIdle
		}
		x.conn.Net.SetReadTimeout(left)
		b, n, err := x.conn.ReadPooled(readPool)
		if n == 0 {
			if isTimeout(err) && !x.tunneled.over.Load() {
				continue // bytes from the client may have renewed the time
			}
			if !isTimeout(err) && !isEOF(err) {
				x.connError(err, httpd.ReadFailed(err))
			}
			return nil
		}
		from = clock.Mono()
		x.state().Received += int64(n)
		*o = httpd.Out{Mem: b.B[:n], Flush: true}
		err = x.R.Output(o)
		b.Free()
		if err != nil {
			return err
		}
	}
}
