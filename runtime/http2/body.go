package http2

import (
	"io"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// inBody is what has come of the body of a stream's request and was not taken. The mu of the
// Conn guards it; the window of the stream bounds it.
type inBody struct {
	pieces []*buf.Buf // B is what is left of each
	size   int64      // of them
	window int64      // bytes of DATA frames that the client may send
	most   int64      // that it may have sent without being read
	credit int64      // bytes that were taken and do not count in window yet
	drop   bool       // nobody takes it: what comes is dropped
	cut    bool       // who reads it is to stop: see bodyFlow.Interrupt

	given *buf.Buf // the piece that was taken last, whole; the reader's of the body
	lent  bool     // a part of the first of pieces was taken last
}

// enterData begins with a DATA frame, of which p comes before the data.
func (c *Conn) enterData(p []byte) *h2.Error {
	f := &c.frame
	size, padding, err := f.head.Contents(p)
	if err != nil {
		return err
	}
	f.left, f.padding = size, padding
	length := int64(f.head.Length)
	if length > c.window {
		c.conn.Logf(errlog.Info, nil,
			"client violated connection flow control: received DATA frame length %d, available window %d", length, c.window)
		return &h2.Error{Code: h2.FlowControlError}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.window -= length; c.window < h2.MaxWindow/4 {
		c.out.took(h2.AppendWindowUpdate(c.out.room(windowUpdate), 0, uint32(h2.MaxWindow-c.window)))
		c.window = h2.MaxWindow
	}
	id := f.head.Stream
	s := c.find(id)
	switch {
	case id > c.last:
		return protocolError("client sent DATA frame for a stream that is idle")
	case s == nil || s.reset:
	case length > s.body.window:
		c.conn.Logf(errlog.Info, nil,
			"client violated flow control for stream %d: received DATA frame length %d, available window %d", id, length, s.body.window)
		c.terminate(s, h2.FlowControlError)
	case s.inClosed:
		c.conn.Logf(errlog.Info, nil, "client sent DATA frame for half-closed stream %d", id)
		c.terminate(s, h2.StreamClosed)
	default:
		s.body.window -= length
		f.stream = s
		s.consumed(length - int64(size)) // nobody reads padding
	}
	return nil
}

// windowUpdate is the size of a WINDOW_UPDATE frame, in bytes.
const windowUpdate = h2.HeaderSize + 4

// takeData takes what has come of the data of a frame.
func (c *Conn) takeData(p []byte) {
	f := &c.frame
	if f.stream == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(f.head.Stream) // it may have ended
	if s == nil || s.reset {
		f.stream = nil
		return
	}
	last := len(p) == f.left
	c.payload += int64(len(p))
	if len(p) > 0 && !s.body.drop {
		s.body.add(p)
	}
	if last {
		f.stream = nil
		s.inClosed = s.inClosed || f.head.Flags.Has(h2.EndStream)
	}
	if len(p) > 0 || s.inClosed {
		s.wakeIn()
	}
}

// add keeps a copy of p.
func (b *inBody) add(p []byte) {
	b.size += int64(len(p))
	if n := len(b.pieces); n > 0 {
		last := b.pieces[n-1]
		if used := len(last.B); cap(last.B)-used >= len(p) {
			last.B = append(last.B, p...)
			return
		}
	}
	piece := buf.Sized(max(len(p), minPiece))
	piece.B = append(piece.B[:0], p...)
	b.pieces = append(b.pieces, piece)
}

// minPiece is the size of the buffers that small pieces of a body share, in bytes.
const minPiece = 4096

// dropInput drops what has come of the body, and what still comes; the caller holds mu.
func (s *Stream) dropInput() {
	b := &s.body
	for i, p := range b.pieces {
		if i == 0 && b.lent {
			b.given = p // who has taken a part of it may be reading that
		} else {
			p.Free()
		}
		b.pieces[i] = nil
	}
	b.pieces, b.size, b.drop, b.lent = b.pieces[:0], 0, true, false
}

// consumed lets the client send n bytes more, which it is told of when that is half of the window;
// the caller holds mu. True: there is something to be flushed.
func (s *Stream) consumed(n int64) bool {
	b := &s.body
	b.credit += n
	if s.inClosed || s.reset || b.credit < b.most/2 {
		return false
	}
	c := s.c
	c.out.took(h2.AppendWindowUpdate(c.out.room(windowUpdate), s.id, uint32(b.credit)))
	b.window += b.credit
	b.credit = 0
	return true
}

// open makes the window most bytes large, once the body is being read; the caller holds mu.
func (s *Stream) open(most int64) {
	b := &s.body
	if most > b.most {
		b.credit += most - b.most
		b.most = most
		s.consumed(0)
	}
}

// take returns the next piece of the body that has come, which is good until the next call; nil
// where none has. complete: nothing follows the pieces. The caller holds mu.
func (s *Stream) take(limit int64) (p []byte, complete bool) {
	b := &s.body
	if b.given != nil {
		b.given.Free()
		b.given = nil
	}
	b.lent = false
	if len(b.pieces) == 0 {
		return nil, s.inClosed
	}
	first := b.pieces[0]
	if int64(len(first.B)) > limit {
		p = first.B[:limit:limit]
		first.B, b.lent = first.B[limit:], true
	} else {
		p, b.given = first.B, first
		b.pieces = append(b.pieces[:0], b.pieces[1:]...)
	}
	b.size -= int64(len(p))
	return p, s.inClosed && len(b.pieces) == 0
}

// read returns the next piece of the body, at most limit bytes, and whether it is the last. Where
// none has come it waits for at most timeout, or returns nil where wait is false. The error is
// io.EOF behind the last piece.
func (s *Stream) read(limit int64, wait bool, timeout time.Duration) (p []byte, last bool, err error) {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case s.reset:
			return nil, false, errReset
		case s.body.cut:
			return nil, false, netio.ErrTimeout
		}
		if p, last = s.take(limit); len(p) > 0 {
			if s.consumed(int64(len(p))) {
				c.flush(s.blocked())
			}
			return p, last, nil
		}
		if last {
			return nil, true, io.EOF
		}
		if !wait {
			return nil, false, nil
		}
		c.flush(s.blocked())
		c.mu.Unlock()
		s.leave()
		came := s.wait(s.inWake, s.timers[1], timeout)
		c.mu.Lock()
		if !came && len(s.body.pieces) == 0 && !s.inClosed && !s.reset {
			return nil, false, netio.ErrTimeout
		}
	}
}
