package h2peer

import (
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// Peer is the peer of an exchange: the part of a codec that knows HTTP/2. It is pooled with the codec. The sending side has
// Room, Take and the rest of pass.Metered, and ended; the reading side has the others.
type Peer struct {
	// Head says that the response has no body because of the method.
	Head bool
	// EmptyLength says that a response without a body has the length 0, as gRPC has it.
	EmptyLength bool

	conn     *Conn
	id       uint32       // of the stream
	send     atomic.Int64 // how much may be sent on the stream; SETTINGS can make it negative
	receive  int64        // how much the peer may send on it
	bodiless bool         // the request has no body
	ended    bool         // the last frame of the request was made

	in      reading
	answers []byte // of the frames that were read, not handed on yet
	counted int    // SETTINGS and PING frames since the peer took an answer
	goaway  bool   // the connection is not to be used again
	done    bool   // the response has ended
	reset   bool   // ... and the peer has said so once more

	status bool  // :status has come
	headed bool  // the response header is complete
	length int64 // what is to come of the body by Content-Length, -1: not known

	dec   hpack.Decoder
	block block
	texts [2]*buf.Buf // of the fields and of the trailers
}

// Reset implements pass.Codec.
func (p *Peer) Reset() {
	p.status, p.headed, p.length = false, false, -1
	p.free()
}

// Release gives the memory of p back. Head and EmptyLength become false.
func (p *Peer) Release() {
	p.free()
	p.block.drop()
	p.conn, p.Head, p.EmptyLength = nil, false, false
}

func (p *Peer) free() {
	for i, b := range p.texts {
		if b != nil {
			b.Free()
			p.texts[i] = nil
		}
	}
}

// reusable reports whether the connection may serve another exchange when this one has ended.
func (p *Peer) reusable() bool {
	return !p.goaway && !p.in.frame && p.in.have == 0 && p.conn.last < lastStream
}

// ParseHeader implements pass.Codec.
func (p *Peer) ParseHeader(x *pass.Exchange, in []byte) (n int, v pass.Verdict) {
	for v = pass.HeaderMore; v == pass.HeaderMore && (n < len(in) || p.in.frame); {
		before, within := n, p.in.frame
		var used int
		used, v = p.headerStep(x, in[n:])
		if n += used; n == before && within == p.in.frame {
			break // a frame goes on in what is to come
		}
	}
	if v == pass.HeaderMore && !p.in.block {
		v = pass.HeaderUnused
	}
	p.handOn(x)
	return n, v
}

// headerStep reads the head of a frame, or of its payload what is there.
func (p *Peer) headerStep(x *pass.Exchange, in []byte) (n int, v pass.Verdict) {
	if !p.in.frame {
		n, st := p.frameHead(x, in)
		switch {
		case st == bad:
			return n, pass.HeaderInvalid
		case st == over && !p.fitsHeader(x):
			return n, pass.HeaderInvalid
		}
		return n, pass.HeaderMore
	}
	n, st := p.payload(x, in)
	switch st {
	case bad:
		return n, pass.HeaderInvalid
	case refused:
		return n, pass.HeaderStray
	case blockOver:
		return n, p.headerOver(x)
	case rstOver:
		x.R.Errorf(nil, "upstream rejected request with error %d", p.in.code)
		return n, pass.HeaderInvalid
	}
	return n, pass.HeaderMore
}

// fitsHeader judges a frame that comes before the response header is complete.
func (p *Peer) fitsHeader(x *pass.Exchange) bool {
	f := &p.in.head
	if f.Type == h2.TypeData || !p.inOrder() {
		x.R.Errorf(nil, "upstream sent unexpected http2 frame: %d", f.Type)
		return false
	}
	if f.Stream != 0 && f.Stream != p.id {
		x.R.Errorf(nil, "upstream sent frame for unknown stream %d", f.Stream)
		return false
	}
	return true
}

// inOrder reports whether a frame may come now: CONTINUATION belongs to a header block, and nothing else comes in one.
func (p *Peer) inOrder() bool { return (p.in.head.Type == h2.TypeContinuation) == p.in.block }

// headerOver draws the conclusions from a complete header.
func (p *Peer) headerOver(x *pass.Exchange) pass.Verdict {
	r := &x.Response
	switch {
	case !p.status:
		x.R.Errorf(nil, "upstream sent no :status header")
		return pass.HeaderInvalid
	case r.Status == 103 && p.in.endStream:
		x.R.Errorf(nil, "upstream prematurely closed stream")
		return pass.HeaderInvalid
	case r.Status == 103:
		return pass.HeaderEarly
	}
	p.headed = true
	r.Chunked = false // that is of HTTP/1
	if p.in.endStream {
		if p.EmptyLength && r.ContentLength == -1 {
			r.ContentLength = 0
		}
		x.Keepalive = p.reusable()
	}
	return pass.HeaderDone
}

// BeginBody implements pass.Codec.
func (p *Peer) BeginBody(x *pass.Exchange) {
	r := &x.Response
	p.length = r.ContentLength
	if r.Status == 204 || r.Status == 304 || p.Head {
		p.length = 0
	}
	if !x.Buffering && p.texts[0] != nil { // the fields have memory of their own by now
		p.texts[0].Free()
		p.texts[0] = nil
	}
	x.Length = 1
	if !p.in.endStream {
		return
	}
	if p.length > 0 {
		x.R.Errorf(nil, "upstream prematurely closed stream")
		x.Invalid = true
		return
	}
	x.Length, p.done = 0, true
}

// Body implements pass.Codec.
func (p *Peer) Body(x *pass.Exchange, in []byte) (data []byte, n int, st pass.BodyStatus) {
	for st == pass.BodyMore && (n < len(in) || p.in.frame) {
		before, within := n, p.in.frame
		var used int
		data, used, st = p.bodyStep(x, in[n:])
		if n += used; n == before && within == p.in.frame {
			break
		}
	}
	if st == pass.BodyBroken {
		return nil, n, st
	}
	if n == len(in) {
		if p.done && !p.in.frame {
			st = p.bodyOver(x)
		}
		p.handOn(x)
	}
	return data, n, st
}

// bodyOver ends the body. What the peer has sent was read.
func (p *Peer) bodyOver(x *pass.Exchange) pass.BodyStatus {
	if p.length > 0 {
		x.R.Errorf(nil, "upstream prematurely closed stream")
		return pass.BodyBroken
	}
	x.Length = 0
	x.Keepalive = p.reusable()
	return pass.BodyDone
}

// bodyStep reads the head of a frame, or of its payload what is there.
func (p *Peer) bodyStep(x *pass.Exchange, in []byte) (data []byte, n int, st pass.BodyStatus) {
	if !p.in.frame {
		n, step := p.frameHead(x, in)
		if step == bad || step == over && !p.fitsBody(x) {
			return nil, n, pass.BodyBroken
		}
		return nil, n, pass.BodyMore
	}
	if p.in.head.Type == h2.TypeData {
		data, n, ok := p.data(x, in)
		switch {
		case !ok:
			return nil, n, pass.BodyBroken
		case len(data) > 0:
			return data, n, pass.BodyData
		}
		return nil, n, pass.BodyMore
	}
	n, step := p.payload(x, in)
	switch step {
	case bad:
		return nil, n, pass.BodyBroken
	case blockOver:
		if !p.in.endStream {
			x.R.Errorf(nil, "upstream sent trailer without end stream flag")
			return nil, n, pass.BodyBroken
		}
		p.done = true
	case rstOver:
		if !p.resetOver(x) {
			return nil, n, pass.BodyBroken
		}
	}
	return nil, n, pass.BodyMore
}

// resetOver judges an RST_STREAM: a peer that has sent all of a response may add one without an error.
func (p *Peer) resetOver(x *pass.Exchange) bool {
	switch {
	case p.in.code != 0 || !p.done:
		x.R.Errorf(nil, "upstream rejected request with error %d", p.in.code)
		return false
	case p.reset:
		x.R.Errorf(nil, "upstream sent frame for closed stream %d", p.in.head.Stream)
		return false
	}
	p.reset = true
	return true
}

// fitsBody judges a frame that comes behind the response header.
func (p *Peer) fitsBody(x *pass.Exchange) bool {
	f := &p.in.head
	switch {
	case !p.inOrder():
		x.R.Errorf(nil, "upstream sent unexpected http2 frame: %d", f.Type)
	case f.Type == h2.TypeData && f.Stream != p.id:
		x.R.Errorf(nil, "upstream sent data frame for unknown stream %d", f.Stream)
	case f.Type == h2.TypeData && !p.receives(x):
	case f.Stream != 0 && f.Stream != p.id:
		x.R.Errorf(nil, "upstream sent frame for unknown stream %d", f.Stream)
	case f.Stream != 0 && p.done && f.Type != h2.TypeRSTStream && f.Type != h2.TypeWindowUpdate:
		x.R.Errorf(nil, "upstream sent frame for closed stream %d", f.Stream)
	default:
		return true
	}
	return false
}
