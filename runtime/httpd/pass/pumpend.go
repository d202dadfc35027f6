package pass

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// readFailed judges an error of reading the body.
func (p *pump) readFailed(err error) error {
	x := p.x
	p.over = err
	text := httpd.ReadFailed(err)
	if x.Buffering && x.conn.TLS() == nil {
		text = "readv() failed"
	}
	switch {
	case errors.Is(err, errAborted), errors.Is(err, errUpload):
		return err
	case isTimeout(err):
		x.connError(errTimedOut, "upstream timed out")
	case isEOF(err):
		if x.Length == -1 && !x.Partial {
			if _, lost := errlog.Errno(err); lost { // a reset says nothing of the body's end
				x.connError(err, text)
				return errBroken
			}
			return errEnd
		}
		x.R.Errorf(nil, "upstream prematurely closed connection")
		if p.ahead == nil {
			_ = p.flush()
		}
	default:
		x.connError(err, text)
		if x.Ended {
			return errEnd
		}
	}
	return errBroken
}

// last sends the end of the body. The peer is free before the client has it
// all.
//
//go:noinline
func (x *Exchange) last(data []byte) httpd.Result {
	x.R.OnClientBlocked(nil)
	x.done()
	x.endUpload()
	x.endTee()
	x.passTrailers()
	err := x.body.pass(data, true)
	x.body.free()
	if err != nil {
		return httpd.Error
	}
	return httpd.Done
}

// failed ends a response that cannot be completed.
func (x *Exchange) failed(err error) httpd.Result {
	r := x.R
	r.OnClientBlocked(nil)
	x.body.stop(x)
	x.cached.release()
	x.Keepalive = false
	switch {
	case errors.Is(err, errAborted):
		return x.finish(x.aborted())
	case errors.Is(err, errInvalid):
	case errors.Is(err, errBroken):
		x.done()
		x.endUpload()
		r.CloseConnection()
		r.Action("sending to client")
		err = r.Flush()
		if r.Parent() != nil {
			return httpd.Done // the response goes on without the rest
		}
		r.Settle()
		if err == nil {
			r.BreakOff()
			return x.finish(httpd.Done)
		}
	case errors.Is(err, errUpload), x.up != nil && x.up.failing.Load(): // the second may end a write to the client
		fail, rc, _ := x.uploadFailed()
		if rc != httpd.OK {
			return x.finish(rc)
		}
		if fail == FailTimeout {
			r.Errorf(errTimedOut, "upstream timed out")
		}
	}
	return x.finish(httpd.Error)
}

// crashed is called before stop after a panic: what the body holds in memory is left to the garbage collector
// (docs/adr/0024), since it is not known who still has it.
func (p *pump) crashed() {
	if p.ahead != nil {
		p.ahead.stop()
		p.ahead = nil
	}
	if p.lastAhead != nil {
		p.lastAhead.spool.Forget()
	}
	p.buf = nil
}

// stop ends what goes on beside the request and frees what the body holds.
func (p *pump) stop(x *Exchange) {
	if p.ahead != nil {
		p.ahead.stop()
		p.ahead = nil
	}
	if p.lastAhead != nil {
		p.lastAhead.spool.Free()
		p.lastAhead = nil
	}
	p.store.drop()
	p.free()
	p.from, p.to, p.raw, p.end = 0, 0, 0, 0
}
