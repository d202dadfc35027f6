package http2

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// Stream is a stream whose request is under way: its Carrier. The mu of its Conn guards what no
// comment says otherwise of.
type Stream struct {
	c   *Conn
	id  uint32
	r   *httpd.Request
	cfg *httpd.Config // of r, held until the stream ends

	// inline says that the request runs on the goroutine that reads the connection, which
	// gives the reader's part away when the request is about to wait.
	inline atomic.Bool

	send      int64 // the client's window
	inClosed  bool  // the client sends nothing more
	outClosed bool  // nothing more is sent
	reset     bool  // the client or an error has ended it: the request ends
	rstSent   bool
	canceled  bool    // the client has reset it
	code      h2.Code // with which
	logged    bool    // that is logged; the request's own

	body   inBody
	result httpd.Result // of reading the header

	gen    uint32 // of output when something of it was queued last
	queued int    // bytes of its body since then that have not left
	headed bool   // ... and a header

	outWake, inWake chan struct{} // have room for one: what a write, and a read of the body, waits for
	timers          [2]*time.Timer

	watch   sync.Mutex // for the next two
	waiters []httpd.Waiter
	told    bool // the waiters are told: the client has left

	cookies [][]byte // of the header, while it is read

	leaveFn func() // leave, bound once
}

var streams = sync.Pool{New: func() any {
	s := &Stream{outWake: make(chan struct{}, 1), inWake: make(chan struct{}, 1)}
	for i := range s.timers {
		s.timers[i] = time.NewTimer(time.Hour)
		s.timers[i].Stop()
	}
	return s
}}

// newStream begins a stream with a request.
func (c *Conn) newStream(id uint32, endStream bool) *Stream {
	c.requests++
	s := streams.Get().(*Stream)
	if s.leaveFn == nil {
		s.leaveFn = s.leave
	}
	s.c, s.id, s.inClosed = c, id, endStream
	s.r = c.endpoint.NewRequest(c.conn, s)
	s.r.Start = c.arrived
	s.r.Proto.Number = c.requests
	s.r.Version, s.r.Line.Protocol, s.r.In.Conn = httpd.VersionHTTP2, protocolName, h1.ConnectionClose
	if s.r.Config().Hold() {
		s.cfg = s.r.Config()
	}
	s.body.window, s.body.most = c.http2.PrereadSize, c.http2.PrereadSize
	stats := c.endpoint.Engine.Stats
	stats.Requests.Add(1)
	stats.Writing.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.streams) == 0 {
		c.conn.SetWaiting(false)
	}
	s.send = c.initial
	c.streams = append(c.streams, s)
	return s
}

// run runs the request of a stream whose header is complete, as the reader. False is as in
// read's end: the request has waited, and the connection has another reader.
func (c *Conn) run(s *Stream) bool {
	s.inline.Store(true)
	if !s.r.Serve(s.result) {
		s.r.Abandon()
		s.r = nil
	}
	return s.end()
}

// end ends the stream, whose request is logged. True: the caller is the reader, still or again.
func (s *Stream) end() (reads bool) {
	c, cfg := s.c, s.cfg
	c.mu.Lock()
	s.finish()
	if !s.inline.Load() {
		c.flush(nil)
	}
	i, _ := c.place(s.id)
	c.streams = append(c.streams[:i], c.streams[i+1:]...)
	reads = s.inline.CompareAndSwap(true, false)
	closes := false
	if len(c.streams) == 0 {
		c.since = clock.Mono()
		switch {
		case reads:
		case c.ended:
			closes = !c.out.writing // else the reader that waits in a write closes it
		case c.parked && c.nc.Unpark():
			c.parked = false
			reads = true
		}
	}
	c.mu.Unlock()
	if s.r != nil {
		crashed := s.r.Proto.Crashed // something of it may still use the stream
		s.r.Release()
		if !crashed {
			s.release()
		}
	}
	if cfg != nil {
		cfg.Release()
	}
	if closes {
		c.close()
	}
	return reads
}

// finish says to the client that the stream is over, where the response has not.
func (s *Stream) finish() {
	c := s.c
	switch {
	case s.rstSent || s.canceled || c.err != nil:
	case !s.outClosed && s.r != nil && s.r.Proto.TimedOut:
		c.out.rst(s.id, h2.ProtocolError)
	case !s.outClosed:
		c.out.rst(s.id, h2.InternalError)
	case !s.inClosed:
		c.out.rst(s.id, h2.NoError)
	}
	s.dropInput()
}

// release gives s back.
func (s *Stream) release() {
	if s.body.given != nil {
		s.body.given.Free()
	}
	drain(s.outWake)
	drain(s.inWake)
	clear(s.waiters)
	clear(s.cookies)
	out, in, timers, waiters, cookies, fn := s.outWake, s.inWake, s.timers, s.waiters[:0], s.cookies[:0], s.leaveFn
	pieces := s.body.pieces[:0]
	*s = Stream{outWake: out, inWake: in, timers: timers, waiters: waiters, cookies: cookies, leaveFn: fn}
	s.body.pieces = pieces
	streams.Put(s)
}

func drain(ch chan struct{}) {
	select {
	case <-ch:
	default:
	}
}

// leave gives the reader's part away, if the request has it: it is about to wait. Any goroutine
// of the request may call it.
func (s *Stream) leave() {
	if s.inline.Load() && s.inline.CompareAndSwap(true, false) {
		s.c.passOn()
	}
}

// blocked returns what a write of the stream's goroutine is to call when it is about to wait.
func (s *Stream) blocked() func() {
	if s.inline.Load() {
		return s.leaveFn
	}
	return nil
}

// wake ends the waits of the stream; the caller holds mu.
func (s *Stream) wake() {
	s.wakeOut()
	s.wakeIn()
}

func (s *Stream) wakeOut() {
	select {
	case s.outWake <- struct{}{}:
	default:
	}
}

func (s *Stream) wakeIn() {
	select {
	case s.inWake <- struct{}{}:
	default:
	}
}

// tell ends the watched waits of the request; the caller holds the mu of the connection, which
// no Waiter asks for.
func (s *Stream) tell() {
	s.watch.Lock()
	defer s.watch.Unlock()
	s.told = true
	for _, w := range s.waiters {
		w.ClientGone()
	}
}

// wait waits on ch for at most d; false: that time is over.
func (s *Stream) wait(ch chan struct{}, t *time.Timer, d time.Duration) bool {
	if d <= 0 {
		<-ch
		return true
	}
	t.Reset(d)
	select {
	case <-ch:
		t.Stop()
		return true
	case <-t.C:
		return false
	}
}
