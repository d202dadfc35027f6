package pass

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

var errTimedOut = error(syscall.ETIMEDOUT)

func msec(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// connect takes an idle connection to the peer, or makes one.
//
//go:noinline
func (x *Exchange) connect() (Fail, httpd.Result) {
	var key *upstream.Key
	bound := x.S.Bind != nil && x.bindLocal()
	if x.Up != nil && x.Up.pool != nil {
		key = x.describe(bound)
		if !x.anew {
			x.conn = x.Up.pool.Get(&x.peer.Addr, key, x.started)
		}
		if x.conn != nil {
			x.state().Connect = 0
			x.beginWatch()
			if x.R.Debugging() {
				x.debugConnected()
			}
			return 0, httpd.OK
		}
	}
	if x.probing && x.takeHeld() {
		return 0, httpd.OK
	}
	c, err := x.Group.Connection(x.dialSpec(bound), key)
	if err != nil {
		return x.dialFailed(err)
	}
	x.conn = c
	x.beginWatch()
	x.R.BeginWait()
	err = c.Connect(x.dial.Timeout)
	x.R.EndWait()
	if err != nil {
		x.R.Action("connecting to upstream") // subrequests that ran meanwhile have set their own
		return x.connectFailed(err)
	}
	if x.Up != nil {
		c.WaitIn(x.Up.watcher)
	}
	if x.S.ProxyProtocol != 0 {
		if fail, rc := x.sendProxyHeader(); fail != 0 || rc != httpd.OK {
			return fail, rc
		}
	}
	if x.TLS != nil {
		if fail, rc := x.handshake(); fail != 0 || rc != httpd.OK {
			return fail, rc
		}
	}
	x.state().Connect = x.since()
	if x.R.Debugging() {
		x.debugConnected()
	}
	return 0, httpd.OK
}

// bindLocal notes the local address that *_bind wants in x.dial. It reports whether there is one.
//
//go:noinline
func (x *Exchange) bindLocal() (bound bool) {
	x.dial.Bind, bound = x.S.Bind.local(x.R)
	return bound
}

// dialSpec completes x.dial for a connection to the peer.
//
//go:noinline
func (x *Exchange) dialSpec(bound bool) *netio.DialSpec {
	d := &x.dial
	d.Addr, d.Timeout = x.peer.Addr, msec(x.S.ConnectTimeout)
	d.RcvBuf, d.SndBuf = int(x.S.RcvBuf), int(x.S.SndBuf)
	d.Keepalive = netaddr.Keepalive{On: x.S.SocketKeepalive}
	d.Transparent = bound && x.S.Bind.transparent
	return d
}

// describe returns the pool's key of a connection of this exchange, which is bound to the
// local address of x.dial. It lives as long as the exchange.
//
//go:noinline
func (x *Exchange) describe(bound bool) *upstream.Key {
	k := &x.key
	k.Protocol, k.Client, k.Owner = x.Protocol, x.client, nil
	if x.Up.keep.local && x.client == 0 {
		k.Owner = x.Tag
	}
	if x.TLS != nil || bound || x.S.ProxyProtocol != 0 {
		x.particulars(k, bound)
	}
	return k
}

// particulars adds what few connections have.
//
//go:noinline
func (x *Exchange) particulars(k *upstream.Key, bound bool) {
	if x.rare == nil {
		x.rare = &upstream.Particulars{}
	}
	*x.rare = upstream.Particulars{}
	k.Rare = x.rare
	if x.S.ProxyProtocol != 0 {
		k.Rare.Header = x.proxyHeader()
	}
	if bound {
		k.Rare.Bind, k.Rare.Transparent = x.dial.Bind, x.S.Bind.transparent
	}
	if t := x.TLS; t != nil {
		k.TLS = t
		if t.conf.ServerName || t.verifier != nil {
			k.Rare.Name = x.serverName()
		}
		if t.dynamic {
			k.Rare.Certificate, k.Rare.PrivateKey = t.conf.Cert.Eval(x.R), t.conf.Key.Eval(x.R)
		}
	}
}

// connectFailed is dialFailed for a connection that was begun.
func (x *Exchange) connectFailed(err error) (fail Fail, rc httpd.Result) {
	if x.gone.Load() {
		return 0, x.aborted()
	}
	fail, rc = x.dialFailed(err)
	x.endWatch()
	x.conn.Close()
	x.conn = nil
	return fail, rc
}

// dialFailed judges why there is no connection.
func (x *Exchange) dialFailed(err error) (Fail, httpd.Result) {
	var op *netio.OpError
	var atOnce netio.ConnectError
	switch {
	case isTimeout(err):
		return FailTimeout, httpd.OK
	case errors.As(err, &op):
		text, lv := op.Text(), errlog.Alert
		if strings.HasPrefix(op.Op, "bind(") {
			text, lv = "bind("+string(x.S.Bind.text.Eval(x.R))+") failed", errlog.Crit
		}
		x.R.Logf(lv, op.Errno, "%s", text)
		return 0, httpd.StatusInternalServerError
	case errors.As(err, &atOnce):
		lv := errlog.Crit
		switch e, _ := errlog.Errno(err); e {
		case syscall.ECONNREFUSED, syscall.EAGAIN, syscall.ECONNRESET, syscall.ENETDOWN, syscall.ENETUNREACH,
			syscall.EHOSTDOWN, syscall.EHOSTUNREACH:
			lv = errlog.Error
		}
		x.R.Logf(lv, err, "connect() to %s failed", x.name)
	default:
		x.connError(err, "connect() failed")
	}
	return FailError, httpd.OK
}

// connError logs a failure of the connection to the peer as nginx does.
func (x *Exchange) connError(err error, text string) {
	lv := errlog.Alert
	e, _ := errlog.Errno(err)
	switch e {
	case syscall.ECONNRESET, syscall.EPIPE, syscall.ENOTCONN, syscall.ETIMEDOUT, syscall.ECONNREFUSED,
		syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, 0:
		lv = errlog.Error
	}
	x.R.Logf(lv, err, "%s", text)
}

// clientGone reports whether the client has left. Where there is no event for that
// it looks.
func (x *Exchange) clientGone() bool {
	if x.poll.Load() && x.R.ClientClosed() {
		x.gone.Store(true)
	}
	return x.gone.Load()
}

// look is how often a request that waits for its peer checks its client's connection,
// where there is no event for its end.
const look = 250 * time.Millisecond

// errAborted says that the client went away while its peer was waited for.
var errAborted = errors.New("client is gone")

// wait reads from the peer, into a buffer of pool that is borrowed when bytes
// are there, or into p where pool is nil. It gives up after *_read_timeout (of a
// response header, that for all of it), or when the client is gone.
func (x *Exchange) wait(pool *buf.Pool, p []byte) (b *buf.Buf, n int, err error) {
	left := msec(x.S.ReadTimeout)
	if x.headUntil != 0 {
		left = time.Duration(x.headUntil - clock.Mono())
	}
	left = max(left, time.Millisecond)
	included := !x.watch && x.R.Parent() != nil // the response may break off elsewhere
	for {
		step := left
		if x.poll.Load() || included {
			step = min(left, look)
		}
		x.conn.Net.SetReadTimeout(step)
		x.beginWait()
		if pool != nil {
			b, n, err = x.conn.ReadPooled(pool)
		} else {
			n, err = x.conn.Read(p)
		}
		x.endWait()
		if n > 0 || err == nil {
			return b, n, nil
		}
		if x.clientGone() {
			return nil, 0, errAborted
		}
		if x.up != nil && x.up.failing.Load() {
			return nil, 0, errUpload
		}
		if !isTimeout(err) {
			return nil, 0, err
		}
		if left -= step; left <= 0 {
			more, ok := x.extendHead()
			if !ok {
				return nil, 0, err
			}
			left = more
		}
		if included && x.R.Main().Failed() {
			return nil, 0, errAborted
		}
	}
}

// beginWait lets the other members of the request's family run while x waits for its
// peer; endWait ends that. The goroutine that reads ahead does not call them, since
// a request with a family does not read ahead.
func (x *Exchange) beginWait() {
	if x.body.ahead == nil {
		x.R.BeginWait()
	}
}

func (x *Exchange) endWait() {
	if x.body.ahead == nil {
		x.R.EndWait()
	}
}

// isEOF reports the orderly end of the peer's side.
func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
