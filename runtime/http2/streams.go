package http2

import (
	"slices"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// minRefused is how many streams, or PRIORITY frames, are allowed however small
// http2_max_concurrent_streams is.
const minRefused = 100

// find returns the stream of that number whose request is under way, nil for none; the caller
// holds mu.
func (c *Conn) find(id uint32) *Stream {
	i, ok := c.place(id)
	if !ok {
		return nil
	}
	return c.streams[i]
}

// place finds where a stream is, or would be, in c.streams.
func (c *Conn) place(id uint32) (int, bool) {
	if n := len(c.streams); n == 0 || c.streams[n-1].id < id {
		return n, false
	}
	return slices.BinarySearchFunc(c.streams, id, func(s *Stream, id uint32) int { return int(int64(s.id) - int64(id)) })
}

// resetByClient ends a stream that the client has ended.
func (c *Conn) resetByClient(id uint32, code h2.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(id)
	if s == nil || s.reset {
		return
	}
	s.inClosed, s.outClosed = true, true
	s.canceled, s.code = true, code
	c.breakStream(s)
}

// terminate resets a stream because of what the client did with it; the caller holds mu. Its
// request ends.
func (c *Conn) terminate(s *Stream, code h2.Code) {
	if s.rstSent {
		return
	}
	c.out.rst(s.id, code)
	s.rstSent = true
	c.breakStream(s)
}

// breakStream makes the request of a stream end: nothing of it is read or sent any more; the
// caller holds mu.
func (c *Conn) breakStream(s *Stream) {
	s.reset = true
	s.dropInput()
	s.wake()
	s.tell()
}

// widen makes a window larger: that of a stream, or that of the connection.
func (c *Conn) widen(id uint32, n int64) *h2.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id != 0 {
		s := c.find(id)
		if s == nil || s.reset {
			return nil
		}
		if s.send+n > h2.MaxWindow {
			c.conn.Logf(errlog.Info, nil,
				"client violated flow control for stream %d: received WINDOW_UPDATE frame with window increment %d not allowed for window %d", id, n, s.send)
			c.terminate(s, h2.FlowControlError)
			return nil
		}
		s.send += n
		s.wakeOut()
		return nil
	}
	if c.send+n > h2.MaxWindow {
		c.conn.Logf(errlog.Info, nil,
			"client violated connection flow control: received WINDOW_UPDATE frame with window increment %d not allowed for window %d", n, c.send)
		return &h2.Error{Code: h2.FlowControlError}
	}
	c.send += n
	for _, s := range c.streams {
		s.wakeOut()
	}
	return nil
}

// takeSetting takes the first setting of p.
func (c *Conn) takeSetting(p []byte) *h2.Error {
	set, _, err := h2.NextSetting(p)
	if err != nil {
		return err
	}
	switch set.ID {
	case h2.InitialWindowSize:
		c.mu.Lock()
		defer c.mu.Unlock()
		delta := int64(set.Value) - c.initial
		c.initial += delta
		for _, s := range c.streams {
			if s.send+delta > h2.MaxWindow {
				c.terminate(s, h2.FlowControlError)
				continue
			}
			s.send += delta
			s.wakeOut()
		}
	case h2.MaxFrameSizeSetting:
		c.mu.Lock()
		c.frameSize = int(set.Value)
		c.mu.Unlock()
	case h2.HeaderTableSize:
		c.mu.Lock()
		c.shrunk = true
		c.mu.Unlock()
	}
	return nil
}
