package httpd

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// finalizeTurns bounds how many results Finalize takes one after the other: an error page
// may end in another error.
const finalizeTurns = 64

// Finalize turns a result into a complete response.
//
//go:noinline
func (r *Request) Finalize(rc Result) {
	for range finalizeTurns {
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
		case rc == Error || rc == StatusRequestTimeout || rc == StatusClientClosed || r.Proto.Failed:
			r.terminate(rc)
			return
		case rc == StatusClose:
			r.main.Proto.TimedOut = true
			r.main.noPostAction = true
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
	m.Proto.Failed, m.Proto.Cut = true, true
	if m.member != nil {
		m.member.f.abort()
		r.carrier.EndWaits()
	}
	if rc == Error || rc == StatusClientClosed || rc == StatusClose || m.Proto.HeadSize == 0 {
		r.BreakOff()
	}
	if rc > 0 && (m.Proto.HeadSize == 0 || m.Proto.Sent == 0) {
		m.Out.Status = int(rc)
	}
}

// Broken marks the request as failed, because writing to the client has failed.
func (r *Request) Broken(err error) {
	r.main.Proto.Failed, r.main.Proto.Cut = true, true
	r.Proto.Failed = true
	if k := r.main.member; k != nil {
		k.f.abort()
		r.carrier.EndWaits()
	}
	if IsTimeout(err) {
		r.main.Proto.TimedOut = true
		r.Logf(errlog.Info, ErrTimedOut, "client timed out")
	} else if !errors.Is(err, errClientGone) {
		if _, ok := errlog.Errno(err); ok {
			r.logWrite(err)
		}
	}
}

// FileFailed ends a response whose file could not be read, for err, or ended too early
// (nil). It returns the error for the caller to return.
func (r *Request) FileFailed(o *Out, err error) error {
	r.Broken(errClientGone)
	if err == nil {
		r.Logf(errlog.Alert, nil, `pread() read only part of "%s"`, o.Name)
	} else {
		r.Logf(errlog.Crit, err, `pread() "%s" failed`, o.Name)
	}
	return errClientGone
}

var (
	// errClientGone tells what makes the response that nothing can be sent any more. The
	// reason is logged already.
	errClientGone = errors.New("client closed connection")
	// ErrTimedOut is the errno in the error log's line about a wait that took too long.
	ErrTimedOut = error(syscall.ETIMEDOUT)
)

// logWrite logs a failed send as nginx does: a client that has closed its connection is no
// error. nginx's text is then that of the event by which it notices the close before it
// sends.
func (r *Request) logWrite(err error) {
	lv := errlog.Crit
	if e, ok := errlog.Errno(err); ok {
		switch e {
		case syscall.ECONNRESET, syscall.EPIPE, syscall.ENOTCONN, syscall.ETIMEDOUT,
			syscall.ECONNREFUSED, syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH:
			lv = errlog.Info
		}
	}
	text := "send() failed"
	if lv == errlog.Info {
		text = r.clientLost()
	}
	r.Logf(lv, err, "%s", text)
}

// clientLost returns the error log's text about a client that has closed its connection
// while it was answered.
func (r *Request) clientLost() string {
	if r.upstream != nil {
		if text := r.upstream.ClientLost(); text != "" {
			return text
		}
	}
	return "client prematurely closed connection"
}

// ReadFailed names the read that failed with err, for the error log: recv(), or what
// the error itself says.
func ReadFailed(err error) string {
	var of readCall
	if errors.As(err, &of) {
		return of.Call() + " failed"
	}
	return "recv() failed"
}

// readCall is an error of a layer between engine and socket, that of TLS, which names
// the call of its own that failed.
type readCall interface{ Call() string }

// OfConnection reports whether a failed read says something of the connection: err is
// the system's or the TLS layer's.
func OfConnection(err error) bool {
	if _, ok := errlog.Errno(err); ok {
		return true
	}
	var of readCall
	return errors.As(err, &of)
}

// IsTimeout reports whether err is that of a wait that took too long.
func IsTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// Msec returns n milliseconds, the unit of settings.
func Msec(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// BreakOff ends the response where it is: what waits to be sent never leaves.
func (r *Request) BreakOff() {
	m := r.main
	n := r.carrier.Pending()
	m.Proto.Sent = max(m.Proto.Sent-int64(n), 0)
	r.carrier.TakeBack(n)
}

// SendOverdue sends what waits to be sent if it is as much as postpone_output
// asks for. It is called before a wait for more of a response, so that a header of
// that size leaves before its body comes.
func (r *Request) SendOverdue() error {
	if r.Proto.Failed || !r.carrier.Overdue(r) {
		return nil
	}
	err := r.carrier.Flush(r)
	if err != nil {
		r.Broken(err)
	}
	return err
}
