package h2peer

import (
	"encoding/binary"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// reading is how far the frames of the peer were read. They are read as they come: a frame may be larger than the buffers.
type reading struct {
	unit      [h2.HeaderSize]byte // a frame's head, or a value in its payload, as far as it has come
	have      int                 // bytes of it
	head      h2.Frame            // of the frame under way
	frame     bool                // ... which is under way
	begun     bool                // its payload is
	rest      int                 // what is to come of it
	padding   int                 // bytes of that at its end that mean nothing
	block     bool                // a header block is under way
	endStream bool                // ... or was, which ends the stream
	code      h2.Code             // of RST_STREAM or GOAWAY
	last      uint32              // stream of GOAWAY
}

// step is what has come of a frame.
type step uint8

const (
	more      step = iota // a part
	over                  // all of it, and it has been dealt with
	bad                   // what is wrong is logged
	blockOver             // the end of a header block
	rstOver               // all of an RST_STREAM
	refused               // all of a GOAWAY by which the peer has not begun with the request
)

// collect takes in up to have want bytes in unit. ok: they are there.
func (r *reading) collect(in []byte, want int) (n int, ok bool) {
	n = copy(r.unit[r.have:want], in)
	r.have += n
	return n, r.have == want
}

// end ends the frame under way.
func (r *reading) end() { r.frame, r.have = false, 0 }

// frameHead reads the head of a frame.
func (p *Peer) frameHead(x *pass.Exchange, in []byte) (n int, st step) {
	r := &p.in
	n, ok := r.collect(in, h2.HeaderSize)
	if r.have >= 3 { // the length is there; what follows may not come, since this may be no HTTP/2
		if r.head, r.rest = h2.ParseHead(r.unit[:]); r.rest > h2.DefaultFrameSize {
			x.R.Errorf(nil, "upstream sent too large http2 frame: %d", r.rest)
			return n, bad
		}
	}
	if !ok {
		return n, more
	}
	r.have, r.frame, r.begun, r.padding = 0, true, false, 0
	return n, over
}

// payload reads the payload of any frame but DATA.
func (p *Peer) payload(x *pass.Exchange, in []byte) (n int, st step) {
	first := !p.in.begun
	p.in.begun = true
	switch p.in.head.Type {
	case h2.TypeHeaders, h2.TypeContinuation:
		return p.headers(x, in, first)
	case h2.TypeRSTStream:
		return p.rstStream(x, in, first)
	case h2.TypeGoAway:
		return p.goAway(x, in, first)
	case h2.TypeWindowUpdate:
		return p.windowUpdate(x, in, first)
	case h2.TypeSettings:
		return p.settings(x, in, first)
	case h2.TypePing:
		return p.ping(x, in, first)
	case h2.TypePushPromise:
		x.R.Errorf(nil, "upstream sent unexpected push promise frame")
		return 0, bad
	}
	return p.skip(in) // PRIORITY, and what is not known
}

// skip passes over the rest of the payload.
func (p *Peer) skip(in []byte) (n int, st step) {
	n = min(len(in), p.in.rest)
	if p.in.rest -= n; p.in.rest > 0 {
		return n, more
	}
	p.in.end()
	return n, over
}

// value reads a payload of one value of size bytes.
func (p *Peer) value(in []byte, size int) (n int, st step) {
	n, ok := p.in.collect(in, size)
	if p.in.rest -= n; !ok {
		return n, more
	}
	p.in.end()
	return n, over
}

func (p *Peer) rstStream(x *pass.Exchange, in []byte, first bool) (n int, st step) {
	if first && p.in.rest != 4 {
		x.R.Errorf(nil, "upstream sent rst stream frame with invalid length: %d", p.in.rest)
		return 0, bad
	}
	if n, st = p.value(in, 4); st == over {
		p.in.code = h2.Code(binary.BigEndian.Uint32(p.in.unit[:]))
		st = rstOver
	}
	return n, st
}

// goAway: a stream that is not among those that the peer serves may be sent again. The others go on, but the connection
// serves no further one.
func (p *Peer) goAway(x *pass.Exchange, in []byte, first bool) (n int, st step) {
	r := &p.in
	if first {
		switch {
		case r.head.Stream != 0:
			x.R.Errorf(nil, "upstream sent goaway frame with non-zero stream id: %d", r.head.Stream)
			return 0, bad
		case r.rest < 8:
			x.R.Errorf(nil, "upstream sent goaway frame with invalid length: %d", r.rest)
			return 0, bad
		}
	}
	if r.have < 8 {
		var ok bool
		n, ok = r.collect(in, 8)
		if r.rest -= n; !ok {
			return n, more
		}
		r.last = binary.BigEndian.Uint32(r.unit[:]) & h2.MaxWindow
		r.code = h2.Code(binary.BigEndian.Uint32(r.unit[4:]))
	}
	k, st := p.skip(in[n:])
	if n += k; st != over {
		return n, st
	}
	if r.last < p.id {
		x.R.Errorf(nil, "upstream sent goaway with error %d", r.code)
		if x.Reused() && !p.headed { // the peer has closed the connection before it got the request
			return n, refused
		}
		return n, bad
	}
	p.goaway = true
	return n, over
}

func (p *Peer) windowUpdate(x *pass.Exchange, in []byte, first bool) (n int, st step) {
	if first && p.in.rest != 4 {
		x.R.Errorf(nil, "upstream sent window update frame with invalid length: %d", p.in.rest)
		return 0, bad
	}
	if n, st = p.value(in, 4); st != over {
		return n, st
	}
	window := &p.conn.send
	if p.in.head.Stream != 0 {
		window = &p.send
	}
	switch by := int64(binary.BigEndian.Uint32(p.in.unit[:]) & h2.MaxWindow); {
	case by == 0:
		x.R.Errorf(nil, "upstream sent zero window update")
		return n, bad
	case by > h2.MaxWindow-window.Load(): // meanwhile it may become smaller alone
		x.R.Errorf(nil, "upstream sent too large window update")
		return n, bad
	default:
		window.Add(by)
	}
	x.MoreRoom()
	return n, over
}

const settingSize = 6

func (p *Peer) settings(x *pass.Exchange, in []byte, first bool) (n int, st step) {
	r := &p.in
	if first {
		switch {
		case r.head.Stream != 0:
			x.R.Errorf(nil, "upstream sent settings frame with non-zero stream id: %d", r.head.Stream)
			return 0, bad
		case r.head.Flags.Has(h2.Ack) && r.rest != 0:
			x.R.Errorf(nil, "upstream sent settings frame with ack flag and non-zero length: %d", r.rest)
			return 0, bad
		case r.head.Flags.Has(h2.Ack):
			return p.skip(nil)
		case r.rest%settingSize != 0:
			x.R.Errorf(nil, "upstream sent settings frame with invalid length: %d", r.rest)
			return 0, bad
		case !p.mayAnswer(x):
			x.R.Errorf(nil, "upstream sent too many settings frames")
			return 0, bad
		}
	}
	for r.rest > 0 {
		k, ok := r.collect(in[n:], settingSize)
		r.rest -= k
		if n += k; !ok {
			return n, more
		}
		r.have = 0
		id, value := h2.SettingID(binary.BigEndian.Uint16(r.unit[:])), binary.BigEndian.Uint32(r.unit[2:])
		if id == h2.InitialWindowSize && !p.setWindow(int64(value)) {
			x.R.Errorf(nil, "upstream sent settings frame with too large initial window size: %d", value)
			return n, bad
		}
	}
	r.end()
	p.answers = h2.AppendSettingsAck(p.answers)
	x.MoreRoom()
	return n, over
}

// setWindow changes the window that streams begin with, and by that the one under way. False: it would be too large.
func (p *Peer) setWindow(size int64) bool {
	by := size - p.conn.initial
	if size > h2.MaxWindow || by > h2.MaxWindow-max(p.send.Load(), 0) {
		return false
	}
	p.conn.initial = size
	p.send.Add(by)
	return true
}

func (p *Peer) ping(x *pass.Exchange, in []byte, first bool) (n int, st step) {
	r := &p.in
	if first {
		switch {
		case r.head.Stream != 0:
			x.R.Errorf(nil, "upstream sent ping frame with non-zero stream id: %d", r.head.Stream)
			return 0, bad
		case r.rest != 8:
			x.R.Errorf(nil, "upstream sent ping frame with invalid length: %d", r.rest)
			return 0, bad
		case r.head.Flags.Has(h2.Ack):
			x.R.Errorf(nil, "upstream sent ping frame with ack flag")
			return 0, bad
		case !p.mayAnswer(x):
			x.R.Errorf(nil, "upstream sent too many ping frames")
			return 0, bad
		}
	}
	if n, st = p.value(in, 8); st == over {
		p.answers = h2.AppendPing(p.answers, h2.Ack, [8]byte(r.unit[:]))
	}
	return n, st
}

// maxUnanswered is how many frames may wait for their answers to be sent: more come only of a peer that takes none.
const maxUnanswered = 1000

// mayAnswer counts a frame that is to be answered.
func (p *Peer) mayAnswer(x *pass.Exchange) bool {
	if len(p.answers) == 0 && x.Unanswered() == 0 {
		p.counted = 0
	}
	p.counted++
	return p.counted <= maxUnanswered+1
}

// handOn has the answers sent.
func (p *Peer) handOn(x *pass.Exchange) {
	if len(p.answers) > 0 {
		x.Answer(p.answers)
		p.answers = p.answers[:0]
	}
}

// receives counts a DATA frame that begins, and makes the windows larger where they are getting small.
func (p *Peer) receives(x *pass.Exchange) bool {
	size := int64(p.in.rest)
	switch {
	case size > p.receive:
		x.R.Errorf(nil, "upstream violated stream flow control, received %d data frame with window %d", size, p.receive)
		return false
	case size > p.conn.receive:
		x.R.Errorf(nil, "upstream violated connection flow control, received %d data frame with window %d", size, p.conn.receive)
		return false
	}
	p.receive -= size
	p.conn.receive -= size
	if min(p.receive, p.conn.receive) < h2.MaxWindow/4 {
		if by := h2.MaxWindow - p.conn.receive; by > 0 {
			p.answers = h2.AppendWindowUpdate(p.answers, 0, uint32(by))
		}
		if by := h2.MaxWindow - p.receive; by > 0 {
			p.answers = h2.AppendWindowUpdate(p.answers, p.id, uint32(by))
		}
		p.receive, p.conn.receive = h2.MaxWindow, h2.MaxWindow
	}
	return true
}

// data reads the payload of a DATA frame.
func (p *Peer) data(x *pass.Exchange, in []byte) (data []byte, n int, ok bool) {
	r := &p.in
	if !r.begun && r.head.Flags.Has(h2.Padded) {
		if r.rest == 0 {
			x.R.Errorf(nil, "upstream sent too short http2 frame")
			return nil, 0, false
		}
		if len(in) == 0 {
			return nil, 0, true
		}
		r.padding, n, in = int(in[0]), 1, in[1:]
		if r.rest--; r.padding > r.rest {
			x.R.Errorf(nil, "upstream sent http2 frame with too long padding: %d in frame %d", r.padding, r.rest)
			return nil, n, false
		}
	}
	r.begun = true
	size := min(len(in), r.rest-r.padding)
	if size > 0 {
		if p.length >= 0 {
			if int64(size) > p.length {
				x.R.Errorf(nil, "upstream sent response body larger than indicated content length")
				return nil, n, false
			}
			p.length -= int64(size)
		}
		data = in[:size:size]
		r.rest -= size
		n += size
		in = in[size:]
	}
	if r.rest <= r.padding {
		r.padding = min(r.padding, r.rest)
		size = min(len(in), r.rest)
		r.rest -= size
		r.padding -= size
		n += size
	}
	if r.rest == 0 {
		p.done = p.done || r.head.Flags.Has(h2.EndStream)
		r.end()
	}
	return data, n, true
}

// headers reads the payload of HEADERS or CONTINUATION.
func (p *Peer) headers(x *pass.Exchange, in []byte, first bool) (n int, st step) {
	r := &p.in
	prefix := 0
	if r.head.Type == h2.TypeHeaders {
		if r.head.Flags.Has(h2.Padded) {
			prefix++
		}
		if r.head.Flags.Has(h2.HasPriority) {
			prefix += 5
		}
	}
	if first && r.head.Type == h2.TypeHeaders {
		r.block = true
		r.endStream = r.head.Flags.Has(h2.EndStream)
		p.beginBlock(x)
		if r.rest < prefix {
			x.R.Errorf(nil, "upstream sent headers frame with invalid length: %d", r.rest)
			return 0, p.badBlock(x)
		}
	}
	if r.have < prefix {
		var ok bool
		n, ok = r.collect(in, prefix)
		if r.rest -= n; !ok {
			return n, more
		}
		if r.head.Flags.Has(h2.Padded) {
			r.padding = int(r.unit[0])
		}
		if r.padding > r.rest {
			x.R.Errorf(nil, "upstream sent http2 frame with too long padding: %d in frame %d", r.padding, r.rest)
			return n, p.badBlock(x)
		}
	}
	if size := min(len(in)-n, r.rest-r.padding); size > 0 {
		if !p.fragment(x, in[n:n+size]) {
			return n, bad
		}
		r.rest -= size
		n += size
	}
	if r.rest > r.padding {
		return n, more
	}
	r.padding = 0
	k, st := p.skip(in[n:])
	if n += k; st != over || !r.head.Flags.Has(h2.EndHeaders) {
		return n, st
	}
	if p.block.partial() {
		x.R.Errorf(nil, "upstream sent truncated http2 header")
		return n, p.badBlock(x)
	}
	r.block = false
	return n, blockOver
}
