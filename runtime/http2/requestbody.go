package http2

import (
	"errors"
	"io"
	"math"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// errReset ends what is done for a stream that is over before its response is.
var errReset = errors.New("http2: the stream has ended")

// bufferedWindow is how much a client may send ahead of a body that is read to its end at once,
// into memory or a file, in bytes: nginx lets it send everything.
const bufferedWindow = 1 << 20

// startBody prepares reading; false when there is nothing to read.
func (s *Stream) startBody(r *httpd.Request) bool {
	b := &r.Body
	if r.Parent() != nil || b.Done {
		return false
	}
	if !b.Started {
		b.Started = true
		if !r.HasBody() {
			b.Done = true
			return false
		}
		s.openFor(r)
	}
	return true
}

// openFor makes the window as large as it is to be for a body that is being read.
func (s *Stream) openFor(r *httpd.Request) {
	most := r.Location().Core.BodyBufferSize
	if r.Body.Read {
		most = max(most, bufferedWindow)
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.open(min(most, bufferedWindow))
}

// NextBody implements Carrier.
func (s *Stream) NextBody(r *httpd.Request) ([]byte, error) {
	if !s.startBody(r) {
		return nil, io.EOF
	}
	r.Body.Kept = r.Body.Size
	p, last, err := s.read(math.MaxInt64, true, httpd.Msec(r.Location().Core.BodyTimeout))
	return p, s.came(r, p, last, err)
}

// ReadyBody implements Carrier.
func (s *Stream) ReadyBody(r *httpd.Request, p []byte) (n int, err error) {
	for n < len(p) && s.startBody(r) {
		r.Body.Kept = r.Body.Size
		piece, last, err := s.read(int64(len(p)-n), false, 0)
		if err = s.came(r, piece, last, err); err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		if len(piece) == 0 {
			break
		}
		n += copy(p[n:], piece)
	}
	return n, nil
}

// came takes the result of a read into account, and judges it.
func (s *Stream) came(r *httpd.Request, p []byte, last bool, err error) error {
	b := &r.Body
	if err != nil && !errors.Is(err, io.EOF) {
		return s.bodyError(r, err)
	}
	b.Size += int64(len(p))
	r.Proto.Length += int64(len(p))
	if f := limitsOf(r).judge(b.Size, last); f != sound {
		return s.refuse(r, f, b.Size)
	}
	if last {
		b.Done = true
		if r.In.Chunked {
			r.In.ContentLength = b.Size // as of a body that was announced
		}
	}
	return err
}

// fault is what is wrong with a body.
type fault uint8

const (
	sound    fault = iota
	larger         // than was announced
	smaller        // than was announced
	tooLarge       // for client_max_body_size
)

// limits are what the size of a body is compared with.
type limits struct {
	announced int64 // by Content-Length, -1: not
	most      int64 // client_max_body_size, 0: any size
}

func limitsOf(r *httpd.Request) limits {
	return limits{announced: r.In.ContentLength, most: r.Location().Core.MaxBodySize}
}

// judge judges a body of which size bytes have come.
func (l limits) judge(size int64, last bool) fault {
	switch {
	case l.announced >= 0 && size > l.announced:
		return larger
	case l.announced >= 0 && last && size < l.announced:
		return smaller
	case l.announced < 0 && l.most > 0 && size > l.most:
		return tooLarge
	}
	return sound
}

// refuse logs a fault of the request's body, and drops what comes of that.
func (s *Stream) refuse(r *httpd.Request, f fault, size int64) error {
	code := httpd.StatusBadRequest
	switch f {
	case sound:
		return nil
	case larger:
		r.Logf(errlog.Info, nil, "client intended to send body data larger than declared")
	case smaller:
		r.Logf(errlog.Info, nil, "client prematurely closed stream: only %d out of %d bytes of request body received", size, r.In.ContentLength)
	case tooLarge:
		r.Errorf(nil, "client intended to send too large chunked body: %d bytes", size)
		code = httpd.StatusEntityTooLarge
	}
	s.dropBody()
	r.AbandonBody()
	return &httpd.BodyError{Code: code}
}

// dropBody drops what has come of the body, and what still comes.
func (s *Stream) dropBody() {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.dropInput()
}

// bodyError logs why a body could not be read.
func (s *Stream) bodyError(r *httpd.Request, err error) error {
	if httpd.IsTimeout(err) {
		r.Logf(errlog.Info, httpd.ErrTimedOut, "client timed out")
		return err
	}
	s.LogLeft(r)
	r.Logf(errlog.Info, nil, "client prematurely closed stream")
	return &httpd.BodyError{Code: httpd.StatusClientClosed, Gone: true}
}

// DropBody implements Carrier. What comes is dropped, and not asked for.
func (s *Stream) DropBody(r *httpd.Request) httpd.Result {
	s.startBody(r)
	r.In.ContentLength, r.In.Chunked = 0, false
	r.Body.Done = true
	s.dropBody()
	return httpd.OK
}

// DropsBody implements Carrier.
func (s *Stream) DropsBody() bool { return false }

// BodyAhead implements Carrier: nothing of the body stays where it came.
func (s *Stream) BodyAhead() (received, room int64) { return 0, 0 }

// bodyFlow implements httpd.BodyFlow.
type bodyFlow struct {
	httpd.FlowState
	s       *Stream
	timeout time.Duration
	limits  limits
	done    bool
	fault   fault
	err     error // that ended reading
}

// errFault ends the reading of a body with a fault.
var errFault = errors.New("http2: the body has a fault")

// DetachBody implements Carrier.
func (s *Stream) DetachBody(r *httpd.Request) (httpd.BodyFlow, error) {
	s.startBody(r)
	f := &bodyFlow{s: s, limits: limitsOf(r), timeout: httpd.Msec(r.Location().Core.BodyTimeout)}
	f.Begin(r.Body.Size)
	r.Proto.Flow = f
	s.c.mu.Lock()
	s.body.cut = false
	s.c.mu.Unlock()
	return f, nil
}

// Next implements httpd.BodyFlow.
func (f *bodyFlow) Next() ([]byte, error) {
	if f.done || f.err != nil {
		return nil, f.end()
	}
	p, last, err := f.s.read(math.MaxInt64, true, f.timeout)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
		return nil, err
	}
	f.Size += int64(len(p))
	if f.fault = f.limits.judge(f.Size, last); f.fault != sound {
		f.err = errFault
		return nil, f.err
	}
	if last {
		f.done = true
		f.Whole()
	}
	if len(p) == 0 {
		return nil, f.end()
	}
	return p, nil
}

func (f *bodyFlow) end() error {
	if f.err != nil {
		return f.err
	}
	return io.EOF
}

// Done implements httpd.BodyFlow.
func (f *bodyFlow) Done() bool { return f.done }

// Interrupt implements httpd.BodyFlow.
func (f *bodyFlow) Interrupt() {
	c := f.s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	f.s.body.cut = true
	f.s.wakeIn()
}

// AttachBody implements Carrier.
func (s *Stream) AttachBody(r *httpd.Request, flow httpd.BodyFlow) error {
	f := flow.(*bodyFlow)
	b := &r.Body
	r.Proto.Flow = nil
	s.c.mu.Lock()
	s.body.cut = false
	s.c.mu.Unlock()
	r.Proto.Length += f.Size - b.Size
	b.Done, b.Size = f.done, f.Size
	b.Unread = !b.Done
	if b.Done && r.In.Chunked {
		r.In.ContentLength = b.Size
	}
	switch {
	case f.fault != sound:
		return s.refuse(r, f.fault, f.Size)
	case f.err == nil || httpd.IsTimeout(f.err):
		return f.err
	}
	return s.bodyError(r, f.err)
}
