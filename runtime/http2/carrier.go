package http2

import (
	"slices"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// Continue implements Carrier: nginx sends no such response in HTTP/2.
func (s *Stream) Continue(*httpd.Request) error { return nil }

// Write implements Carrier.
func (s *Stream) Write(r *httpd.Request, o *httpd.Out) error {
	if o.Last {
		r.AddTrailers()
	}
	err := s.write(r, o)
	if err == nil && o.Last {
		err = s.sendTrailers(r)
	}
	if err == nil && (o.Last || o.Flush || o.Recycled || s.Overdue(r)) {
		err = s.flush(o.Last)
	}
	if err != nil {
		r.Broken(err)
	}
	return err
}

// write queues the bytes of o.
func (s *Stream) write(r *httpd.Request, o *httpd.Out) error {
	last := o.Last && !hasTrailers(r)
	if !o.IsFile || o.Len == 0 {
		return s.data(r, o.Mem, last)
	}
	b := buf.Sized(int(min(o.Len, fileRead)))
	defer b.Free()
	for off, left := o.Off, o.Len; left > 0; {
		n := min(left, int64(len(b.B)))
		m, err := diskfile.ReadAt(o.FD, b.B[:n], off)
		if int64(m) < n {
			return r.FileFailed(o, err)
		}
		left -= n
		off += n
		if err := s.data(r, b.B[:n], last && left == 0); err != nil {
			return err
		}
	}
	return nil
}

// fileRead is how much of a file is read at once, in bytes.
const fileRead = 32 << 10

// data queues p as DATA frames, as far as the windows and the output have room, for which it
// waits. last: nothing follows.
func (s *Stream) data(r *httpd.Request, p []byte, last bool) error {
	if len(p) == 0 && !last {
		return nil
	}
	c := s.c
	chunk := r.Location().HTTP2.ChunkSize
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if s.outClosed && !s.reset && c.err == nil {
			return nil // a response without a body
		}
		if s.reset || c.err != nil {
			return s.brokenBy()
		}
		n, err := s.frame(r, p, int(min(chunk, int64(c.frameSize))), last)
		if err != nil {
			return err
		}
		if p = p[n:]; len(p) == 0 && (!last || s.outClosed) {
			return nil
		}
	}
}

// brokenBy returns why nothing can be sent any more.
func (s *Stream) brokenBy() error {
	if err := s.c.err; err != nil && err != errEnded { //nolint:errorlint // it comes bare
		return err
	}
	return errReset
}

// frame queues a DATA frame with the beginning of p, n bytes, or waits for room. The caller holds
// mu, which is free during the wait.
func (s *Stream) frame(r *httpd.Request, p []byte, chunk int, last bool) (n int, err error) {
	c, o := s.c, &s.c.out
	n = min(len(p), chunk, maxData)
	if n > 0 {
		if n = int(min(int64(n), c.send, s.send)); n <= 0 {
			return 0, s.awaitWindow(r)
		}
	}
	if m := s.grow(p[:n], chunk, last && n == len(p)); m > 0 || n == 0 && s.outClosed {
		s.count(r, m, 0)
		return m, nil
	}
	if o.n+h2.HeaderSize+n > outSize && o.n > 0 {
		return 0, s.awaitRoom()
	}
	flags := h2.Flags(0)
	if last && n == len(p) {
		flags = h2.EndStream
		s.outClosed = true
	}
	b := o.room(h2.HeaderSize + n)
	at := len(b)
	o.took(append(h2.AppendHeader(b, n, h2.TypeData, flags, s.id), p[:n]...))
	if flags == 0 {
		o.tail, o.tailAt, o.tailLen = s, at, n
	}
	s.count(r, n, h2.HeaderSize)
	return n, nil
}

// maxData is the size of the largest DATA frame that goes into the output, in bytes.
const maxData = outSize - h2.HeaderSize

// grow adds the beginning of p to the DATA frame that is at the end of the output, if that is one
// of s, and marks it as the last one of the stream.
func (s *Stream) grow(p []byte, chunk int, last bool) (n int) {
	o := &s.c.out
	if o.tail != s {
		return 0
	}
	n = min(len(p), chunk-o.tailLen, len(o.buf.B)-o.n)
	if n < len(p) {
		last = false
	}
	if n <= 0 && !last {
		return 0
	}
	o.n += copy(o.buf.B[o.n:], p[:n])
	o.tailLen += n
	flags := h2.Flags(0)
	if last {
		flags = h2.EndStream
		s.outClosed = true
		o.tail = nil
	}
	h2.AppendHeader(o.buf.B[o.tailAt:o.tailAt], o.tailLen, h2.TypeData, flags, s.id)
	return n
}

// count takes n bytes of data into account, and those of the frame's head.
func (s *Stream) count(r *httpd.Request, n, head int) {
	c, m := s.c, r.Main()
	c.send -= int64(n)
	s.send -= int64(n)
	c.out.data += int64(n)
	m.Proto.Sent += int64(n + head)
	m.Proto.HeadSize += int64(head)
	s.note()
	s.queued += n
}

// note begins to count anew where something was sent since the last time.
func (s *Stream) note() {
	if gen := s.c.out.gen; s.gen != gen {
		s.gen, s.queued, s.headed = gen, 0, false
	}
}

// awaitWindow waits until the client takes more; the caller holds mu.
func (s *Stream) awaitWindow(r *httpd.Request) error {
	c := s.c
	c.flush(s.blocked())
	if c.send > 0 && s.send > 0 || s.reset || c.err != nil {
		return nil
	}
	c.mu.Unlock()
	s.leave()
	came := s.wait(s.outWake, s.timers[0], httpd.Msec(r.Location().Core.SendTimeout))
	c.mu.Lock()
	if !came && !(c.send > 0 && s.send > 0) && !s.reset {
		return netio.ErrTimeout
	}
	return nil
}

// awaitRoom sends what waits, or waits until another goroutine has; the caller holds mu.
func (s *Stream) awaitRoom() error {
	c := s.c
	if !c.out.writing {
		c.flush(s.blocked())
		return nil
	}
	c.out.waiting = append(c.out.waiting, s)
	c.mu.Unlock()
	s.leave()
	<-s.outWake
	c.mu.Lock()
	c.out.waiting = slices.DeleteFunc(c.out.waiting, func(other *Stream) bool { return other == s }) // another event has woken it
	return nil
}

// Overdue implements Carrier. A header leaves before the request waits, whatever postpone_output
// says.
func (s *Stream) Overdue(r *httpd.Request) bool {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.note()
	return s.headed || s.queued > 0 && s.queued >= int(r.Location().Core.PostponeOutput)
}

// Flush implements Carrier.
func (s *Stream) Flush(*httpd.Request) error { return s.flush(false) }

// flush sends what waits to be sent. At the end of the response that is left to the reader, if
// this goroutine is that: what came together is answered together.
func (s *Stream) flush(last bool) error {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if last && s.inline.Load() {
		return nil
	}
	c.flush(s.blocked())
	if c.err != nil {
		return s.brokenBy()
	}
	return nil
}

// Finish implements Carrier.
func (s *Stream) Finish(r *httpd.Request) {
	s.c.endpoint.Engine.Stats.Writing.Add(-1)
	s.c.mu.Lock()
	reset := s.reset
	r.Proto.Complete = s.outClosed && !s.reset
	s.c.mu.Unlock()
	if reset {
		s.LogLeft(r)
		r.Proto.Failed = true
	}
	if !r.Proto.Failed {
		if err := s.flush(true); err != nil {
			r.Broken(err)
		}
	}
}

// Pending implements Carrier: what was queued is not taken back.
func (s *Stream) Pending() int { return 0 }

// TakeBack implements Carrier.
func (s *Stream) TakeBack(int) {}

// OnBlocked implements Carrier: nothing has to be done when a write waits.
func (s *Stream) OnBlocked(func()) {}

// Blocked implements Carrier.
func (s *Stream) Blocked() {}

// Watch implements Carrier.
func (s *Stream) Watch(w httpd.Waiter) bool {
	s.leave()
	s.watch.Lock()
	defer s.watch.Unlock()
	s.waiters = append(s.waiters, w)
	if s.told {
		w.ClientGone()
	}
	return true
}

// Unwatch implements Carrier.
func (s *Stream) Unwatch(w httpd.Waiter) {
	s.watch.Lock()
	defer s.watch.Unlock()
	for i, other := range s.waiters {
		if other == w {
			n := len(s.waiters) - 1
			s.waiters[i], s.waiters[n] = s.waiters[n], nil
			s.waiters = s.waiters[:n]
			return
		}
	}
}

// EndWaits implements Carrier.
func (s *Stream) EndWaits() {
	s.watch.Lock()
	defer s.watch.Unlock()
	for _, w := range s.waiters {
		w.ClientGone()
	}
}

// HungUp implements Carrier.
func (s *Stream) HungUp() (bool, error) { return s.Closed(), nil }

// Closed implements Carrier.
func (s *Stream) Closed() bool {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return s.reset
}

// LogLeft implements Carrier. That the connection was lost is logged once, not for each stream.
func (s *Stream) LogLeft(r *httpd.Request) bool {
	s.c.mu.Lock()
	logs := s.canceled && !s.logged
	s.logged = s.logged || logs
	code, reset := s.code, s.reset
	s.c.mu.Unlock()
	switch {
	case !logs:
		return reset
	case code == h2.Cancel:
		r.Logf(errlog.Info, nil, "client canceled stream %d", s.id)
	case code == h2.InternalError:
		r.Logf(errlog.Info, nil, "client terminated stream %d due to internal error", s.id)
	default:
		r.Logf(errlog.Info, nil, "client terminated stream %d with status %d", s.id, code)
	}
	return true
}

// Hijack implements Carrier. No request of HTTP/2 asks for it: CONNECT and Upgrade are refused.
func (s *Stream) Hijack() httpd.Hijacked { return httpd.Hijacked{} }
