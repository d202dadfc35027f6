package http2

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// partialFrame is the frame that is being read.
type partialFrame struct {
	head    h2.Head
	small   [h2.HeaderSize + smallFrame]byte // what has come of the head and a small payload
	got     int                              // bytes in small; before the first frame: of the preface
	open    bool                             // the head is complete
	inside  bool                             // what comes before the contents was read
	left    int                              // bytes to come of the contents
	padding int                              // bytes to come behind them
	stream  *Stream                          // that gets the contents of a DATA frame; nil: nobody
}

// smallFrame is the size of the largest payload that is gathered before it is looked at.
const smallFrame = 8

// begun reports whether a part of a frame has come.
func (f *partialFrame) begun() bool { return f.got > 0 || f.open }

// next handles one frame, or a piece of a large one. s is a stream whose request is to be run.
// An error ends the connection.
func (c *Conn) next() (s *Stream, err *h2.Error) {
	if !c.prefaced {
		_, err = c.preface()
		return nil, err
	}
	f := &c.frame
	if !f.open {
		if !c.gather(h2.HeaderSize) {
			return nil, nil
		}
		f.open, f.inside = true, false
		f.head = h2.ReadHead(f.small[:])
		if err = c.checkHead(); err != nil {
			return nil, err
		}
	}
	if !f.inside {
		if !c.gather(h2.HeaderSize + f.prefix()) {
			return nil, nil
		}
		f.inside = true
		if err = c.enter(f.small[h2.HeaderSize:f.got]); err != nil {
			return nil, err
		}
	}
	return c.contents()
}

// gather takes bytes of the input until n of the frame are in small. False: they have not come.
func (c *Conn) gather(n int) bool {
	f := &c.frame
	m := min(n-f.got, c.inEnd-c.inPos)
	copy(f.small[f.got:], c.in.B[c.inPos:c.inPos+m])
	f.got += m
	c.inPos += m
	return f.got == n
}

// prefix returns how many bytes of the payload are needed to begin with it.
func (f *partialFrame) prefix() int {
	switch f.head.Type {
	case h2.TypeData, h2.TypeHeaders:
		return f.head.Prefix()
	case h2.TypePriority, h2.TypeRSTStream, h2.TypePing, h2.TypeWindowUpdate:
		return f.head.Length
	}
	return 0
}

// checkHead judges a frame by its head.
func (c *Conn) checkHead() *h2.Error {
	h := &c.frame.head
	if c.debugging() {
		c.conn.Debugf("http2 frame type:%d f:%x l:%d sid:%d", h.Type, h.Flags, h.Length, h.Stream)
	}
	switch {
	case c.block.begun && h.Type != h2.TypeContinuation:
		return protocolError("client sent inappropriate frame while CONTINUATION was expected")
	case c.block.begun && h.Stream != c.block.stream:
		return protocolError("client sent CONTINUATION frame with incorrect identifier")
	case !c.block.begun && h.Type == h2.TypeContinuation:
		return protocolError("client sent unexpected CONTINUATION frame")
	case h.Type == h2.TypePushPromise:
		return protocolError("client sent PUSH_PROMISE frame")
	case h.Type == h2.TypePriority && h.Length == prioritySize:
		if c.priorities--; c.priorities <= 0 {
			return &h2.Error{Code: h2.EnhanceYourCalm, Text: "client sent too many PRIORITY frames"}
		}
	case h.Type > h2.TypeContinuation && h.Type != h2.TypePriorityUpdate:
		c.conn.Logf(errlog.Info, nil, "client sent frame with unknown type %d", h.Type)
	}
	return h.Check()
}

const prioritySize = 5

func protocolError(text string) *h2.Error { return &h2.Error{Code: h2.ProtocolError, Text: text} }

// enter begins with a payload of which p has come: all of a small one, else what is before the
// contents.
func (c *Conn) enter(p []byte) *h2.Error {
	f := &c.frame
	f.left, f.padding, f.stream = f.head.Length-len(p), 0, nil
	whole := h2.Frame{Type: f.head.Type, Flags: f.head.Flags, Stream: f.head.Stream, Payload: p}
	switch f.head.Type {
	case h2.TypeData:
		return c.enterData(p)
	case h2.TypeHeaders:
		return c.enterHeaders(p)
	case h2.TypePriority:
		_, err := h2.ParsePriority(&whole)
		if err != nil {
			err.OfStream = false
		}
		return err
	case h2.TypeRSTStream:
		code, err := h2.ParseRSTStream(&whole)
		if err == nil {
			c.resetByClient(whole.Stream, code)
		}
		return err
	case h2.TypePing:
		data, err := h2.ParsePing(&whole)
		if err != nil || whole.Flags.Has(h2.Ack) {
			return err
		}
		return c.control(func(b []byte) []byte { return h2.AppendPing(b, h2.Ack, data) })
	case h2.TypeWindowUpdate:
		n, err := h2.ParseWindowUpdate(&whole)
		if err != nil {
			err.OfStream = false // as nginx has it
			return err
		}
		return c.widen(whole.Stream, int64(n))
	case h2.TypeGoAway:
		return checkGoAway(&f.head)
	}
	return nil
}

// checkGoAway judges a GOAWAY frame, whose contents do not matter.
func checkGoAway(h *h2.Head) *h2.Error {
	var zeros [8]byte
	_, _, err := h2.ParseGoAway(&h2.Frame{Type: h.Type, Stream: h.Stream, Payload: zeros[:min(h.Length, len(zeros))]})
	return err
}

// contents takes what has come of the contents of the frame. s is as in next.
func (c *Conn) contents() (s *Stream, err *h2.Error) {
	f := &c.frame
	p := c.in.B[c.inPos:min(c.inEnd, c.inPos+f.left)]
	switch f.head.Type {
	case h2.TypeData:
		c.takeData(p)
	case h2.TypeHeaders, h2.TypeContinuation:
		err = c.block.add(p)
	case h2.TypeSettings:
		err, p = c.takeSettings(), nil
	}
	if err != nil {
		return nil, err
	}
	c.inPos += len(p)
	f.left -= len(p)
	if f.left > 0 {
		return nil, nil
	}
	if f.padding > 0 {
		n := min(f.padding, c.inEnd-c.inPos)
		c.inPos += n
		if f.padding -= n; f.padding > 0 {
			return nil, nil
		}
	}
	return c.complete()
}

// complete ends the frame.
func (c *Conn) complete() (s *Stream, err *h2.Error) {
	f := &c.frame
	head := f.head
	f.open, f.got, f.stream = false, 0, nil
	switch head.Type {
	case h2.TypeHeaders, h2.TypeContinuation:
		if head.Flags.Has(h2.EndHeaders) {
			return c.takeBlock()
		}
	case h2.TypeSettings:
		if head.Flags.Has(h2.Ack) {
			c.acked = true
			return nil, nil
		}
		return nil, c.control(h2.AppendSettingsAck)
	}
	return nil, nil
}

// takeSettings takes what has come of the settings.
func (c *Conn) takeSettings() *h2.Error {
	f := &c.frame
	for f.left > 0 && c.inPos < c.inEnd {
		before := f.got
		whole := c.gather(h2.HeaderSize + h2.SettingSize)
		f.left -= f.got - before
		if !whole {
			return nil
		}
		f.got = h2.HeaderSize
		if err := c.takeSetting(f.small[h2.HeaderSize : h2.HeaderSize+h2.SettingSize]); err != nil {
			return err
		}
	}
	return nil
}
