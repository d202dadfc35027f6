package h2peer

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// Conn is what a connection keeps from one exchange to the next.
type Conn struct {
	initial int64        // the window that a stream begins with, as the peer has set it
	send    atomic.Int64 // how much may be sent on the connection
	receive int64        // how much the peer may send on it
	last    uint32       // the last stream
}

// Protocols are the names that a TLS handshake offers.
var Protocols = []string{"h2"}

// lastStream is the last stream that is opened on a connection.
const lastStream = h2.MaxWindow - 2

// preface is what a connection begins with.
var preface = func() []byte {
	b := h2.AppendSettings([]byte(h2.Preface),
		h2.Setting{ID: h2.HeaderTableSize}, h2.Setting{ID: h2.EnablePush}, h2.Setting{ID: h2.InitialWindowSize, Value: h2.MaxWindow})
	return h2.AppendWindowUpdate(b, 0, h2.MaxWindow-h2.DefaultWindow)
}()

// BeginRequest appends what precedes the header block of a request to dst, which is empty.
func (p *Peer) BeginRequest(dst []byte) []byte {
	return h2.AppendHeader(append(dst, preface...), 0, h2.TypeHeaders, 0, 1)
}

// EndRequest divides the block that was appended to BeginRequest's result into frames; body says that a body follows.
func (p *Peer) EndRequest(head []byte, body bool) []byte {
	p.bodiless = !body
	flags := h2.Flags(0)
	if !body {
		flags = h2.EndStream
	}
	at := len(preface)
	for t := h2.TypeHeaders; ; t, flags = h2.TypeContinuation, 0 {
		n := len(head) - at - h2.HeaderSize
		if n <= h2.DefaultFrameSize {
			h2.AppendHeader(head[:at], n, t, flags|h2.EndHeaders, 1)
			return head
		}
		h2.AppendHeader(head[:at], h2.DefaultFrameSize, t, flags, 1)
		at += h2.HeaderSize + h2.DefaultFrameSize
		var gap [h2.HeaderSize]byte
		head = append(head, gap[:]...)
		copy(head[at+h2.HeaderSize:], head[at:])
	}
}

// Open implements pass.Opener.
func (p *Peer) Open(_ *pass.Exchange, kept any, head []byte) (keep any, skip int) {
	c, ok := kept.(*Conn)
	if ok {
		c.last += 2
		skip = len(preface)
		for at := skip; at < len(head); {
			_, n := h2.ParseHead(head[at:])
			binary.BigEndian.PutUint32(head[at+5:], c.last)
			at += h2.HeaderSize + n
		}
	} else {
		c = &Conn{initial: h2.DefaultWindow, receive: h2.MaxWindow, last: 1}
		c.send.Store(h2.DefaultWindow)
		for at := len(preface); at < len(head); { // the head may be that of an attempt before
			_, n := h2.ParseHead(head[at:])
			binary.BigEndian.PutUint32(head[at+5:], 1)
			at += h2.HeaderSize + n
		}
	}
	p.conn, p.id = c, c.last
	p.send.Store(c.initial)
	p.receive = h2.MaxWindow
	p.ended = p.bodiless
	p.in = reading{}
	p.answers, p.counted = p.answers[:0], 0
	p.goaway, p.done, p.reset = false, false, false
	return c, skip
}

// Before implements pass.Framing.
func (p *Peer) Before(dst []byte, n int, last bool) []byte {
	flags := h2.Flags(0)
	if last {
		flags, p.ended = h2.EndStream, true
	}
	return h2.AppendHeader(dst, n, h2.TypeData, flags, p.id)
}

// After implements pass.Framing.
func (p *Peer) After(dst []byte, _ int) []byte { return dst }

// End implements pass.Framing.
func (p *Peer) End(dst []byte) []byte {
	if p.ended {
		return dst
	}
	p.ended = true
	return h2.AppendHeader(dst, 0, h2.TypeData, h2.EndStream, p.id)
}

// Max implements pass.Framing.
func (p *Peer) Max() int { return h2.DefaultFrameSize }

// Room implements pass.Metered.
func (p *Peer) Room() int { return int(min(p.send.Load(), p.conn.send.Load())) }

// Take implements pass.Metered.
func (p *Peer) Take(n int) {
	p.send.Add(-int64(n))
	p.conn.send.Add(-int64(n))
}
