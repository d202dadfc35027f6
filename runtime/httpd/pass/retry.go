package pass

import (
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/upstream"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// next gives up a peer. OK says that another one may be asked, any other
// result is the response.
func (x *Exchange) next(fail Fail) httpd.Result {
	r := x.R
	x.endUpload()
	if r.Debugging() {
		r.Debugf("http next upstream, %x", uint(fail))
	}
	stale := false
	if x.conn != nil {
		x.state().Sent = x.conn.Sent
		stale = x.conn.Cached && fail == FailError && !x.received
	}
	if stale {
		return x.nextAnew()
	}
	x.anew = false
	if x.choice.Peer != nil {
		outcome := upstream.Failed
		if fail == Fail403 || fail == Fail404 {
			outcome = upstream.Next
		}
		x.since()
		if x.free(outcome) {
			r.Logf(errlog.Warn, nil, "upstream server temporarily disabled")
		}
	}
	x.setColon(false)
	if fail == FailTimeout {
		r.Errorf(errTimedOut, "upstream timed out")
	}
	return x.another(fail)
}

// nextAnew gives up a kept connection that was closed before anything came. The
// peer had closed it before it got the request, so this is no failure of the peer:
// it is asked once more, on a new connection.
func (x *Exchange) nextAnew() httpd.Result {
	rc := x.another(FailError)
	if x.anew = rc == httpd.OK; !x.anew && x.choice.Peer != nil {
		x.free(upstream.Unknown)
	}
	return rc
}

// another lets go of the connection after fail if a peer may be asked again.
func (x *Exchange) another(fail Fail) httpd.Result {
	status := fail.status()
	if x.R.Failed() { // another part of the request has broken it off
		return httpd.StatusClientClosed
	}
	x.state().Status = int(status)
	if !x.mayRetry(fail) {
		return status
	}
	x.endWatch()
	if x.conn != nil {
		x.closeOutlet()
		x.conn.Close()
		x.conn = nil
	}
	x.state().Response = x.since()
	return httpd.OK
}

// mayRetry reports whether another peer may be asked after fail.
func (x *Exchange) mayRetry(fail Fail) bool {
	if x.sent && x.R.Method&(h1.Post|h1.Lock|h1.Patch) != 0 {
		fail |= FailNonIdempotent
	}
	timeout := x.S.NextTimeout
	return x.choice.Tries > 0 && Fail(x.S.Next.V)&fail == fail && !(x.sent && x.Stream) &&
		(timeout == 0 || (clock.Mono()-x.began)/1e6 < timeout)
}

// status is the response when no other peer is asked.
func (f Fail) status() httpd.Result {
	switch f {
	case FailTimeout, Fail504:
		return httpd.StatusGatewayTimeout
	case Fail500:
		return httpd.StatusInternalServerError
	case Fail503:
		return httpd.StatusUnavailable
	case Fail403:
		return httpd.StatusForbidden
	case Fail404:
		return httpd.StatusNotFound
	case Fail429:
		return httpd.StatusTooManyRequests
	}
	return httpd.StatusBadGateway
}

// nextStatuses are the codes that *_next_upstream knows.
var nextStatuses = [...]struct {
	status int
	fail   Fail
}{
	{500, Fail500}, {502, Fail502}, {503, Fail503}, {504, Fail504}, {403, Fail403}, {404, Fail404}, {429, Fail429},
}

// testNext reports why a response makes another peer be asked, 0 if it does
// not.
func (x *Exchange) testNext() Fail {
	for _, n := range nextStatuses {
		if n.status == x.Response.Status && x.choice.Tries > 1 && x.mayRetry(n.fail) {
			return n.fail
		}
	}
	return 0
}
