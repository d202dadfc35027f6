package httpd

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// finalize turns a result into a complete response.
func (r *Request) finalize(rc Result) {
	for turn := 0; turn < 64; turn++ {
		if rc == Redirect {
			rc = r.phases(r.resumeAt)
			continue
		}
		if r.Debugging() {
			r.debugFinalize(rc)
		}
		if r.member != nil && r.member.finish != nil {
			rc = r.member.finish(r, rc)
		}
		switch {
		case rc == Done:
			return
		case rc == OK || rc == Declined || rc > 0 && rc < 300 && rc != StatusCreated && rc != StatusNoContent:
			if !r.headerSent {
				rc = r.sendBare(rc)
				continue
			}
			return
		case rc == Error || rc == StatusRequestTimeout || rc == StatusClientClosed || r.failed:
			r.terminate(rc)
			return
		case rc == StatusClose:
			r.main.timedOut = true
			r.terminate(rc)
			return
		case r.headerSent:
			// Too late for another response: break this one off.
			r.terminate(rc)
			return
		}
		rc = r.special(rc)
	}
	r.terminate(StatusInternalServerError)
}

// terminate ends the request and its connection without a further response. The code
// is logged, if nothing of a response has been sent.
func (r *Request) terminate(rc Result) {
	m := r.main
	m.failed, m.cut = true, true
	if m.member != nil {
		m.member.f.abort()
		r.carrier.EndWaits()
	}
	if rc == Error || rc == StatusClientClosed || m.headSize == 0 {
		r.BreakOff()
	}
	if rc > 0 && (m.headSize == 0 || m.sent == 0) {
		m.Out.Status = int(rc)
	}
}

// broken marks the request as failed, because writing to the client has failed.
func (r *Request) broken(err error) {
	r.main.failed, r.main.cut = true, true
	r.failed = true
	if k := r.main.member; k != nil {
		k.f.abort()
		r.carrier.EndWaits()
	}
	if isTimeout(err) {
		r.main.timedOut = true
		r.Logf(errlog.Info, errTimedOut, "client timed out")
	} else if !errors.Is(err, errClientGone) {
		if _, ok := errlog.Errno(err); ok {
			r.logWrite(err)
		}
	}
}

// fileFailed ends a response whose file turned out shorter than announced.
func (r *Request) fileFailed(o *Out, err error) error {
	r.broken(errClientGone)
	if err == nil {
		r.Logf(errlog.Alert, nil, `pread() read only part of "%s"`, o.Name)
	} else {
		r.Logf(errlog.Crit, err, `pread() "%s" failed`, o.Name)
	}
	return errClientGone
}
