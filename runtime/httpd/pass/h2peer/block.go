package h2peer

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// block is a header block under way. Its texts together are *_buffer_size bytes at most.
type block struct {
	limit int    // how much the texts that are to come may have
	room  []byte // for them
	part  *buf.Buf
	had   int // bytes in part: the beginning of a field whose rest is in what is to come
	of    int // what the block is of: an index of Peer.texts
}

// partial reports whether a field is not complete.
func (b *block) partial() bool { return b.had > 0 }

func (b *block) drop() {
	if b.part != nil {
		b.part.Free()
		b.part = nil
	}
	b.had, b.room = 0, nil
}

// beginBlock prepares for a header block.
func (p *Peer) beginBlock(x *pass.Exchange) {
	b := &p.block
	b.of = 0
	if p.headed {
		b.of = 1
	}
	size := int(x.S.BufferSize)
	if p.texts[b.of] == nil {
		p.texts[b.of] = buf.Sized(size)
	}
	b.limit, b.had, b.room = size, 0, p.texts[b.of].B
	p.dec.Reset(0)
	p.dec.Begin()
}

// fragment decodes a part of a header block.
func (p *Peer) fragment(x *pass.Exchange, in []byte) bool {
	b := &p.block
	for len(in) > 0 {
		src := in
		if b.had > 0 {
			n := copy(b.part.B[b.had:], in)
			b.had += n
			src, in = b.part.B[:b.had], in[n:]
		} else {
			in = nil
		}
		rest, ok := p.decode(x, src)
		if !ok {
			return false
		}
		if len(rest) > 0 && b.part == nil {
			b.part = buf.Sized(2*int(x.S.BufferSize) + 64) // a field's texts are within the limit each, see tooLong
		}
		if b.had = len(rest); b.had > 0 {
			copy(b.part.B, rest)
		}
	}
	return true
}

// decode decodes fields. rest is the beginning of one that is not complete.
func (p *Peer) decode(x *pass.Exchange, src []byte) (rest []byte, ok bool) {
	b := &p.block
	for len(src) > 0 {
		f, behind, room, st := p.dec.Next(src, b.room)
		switch st {
		case hpack.OK:
			b.room = room
		case hpack.Truncated:
			if tooLong(x, behind, b.limit) {
				return nil, p.wrong(x)
			}
			return behind, true
		case hpack.NoRoom:
			if tooLong(x, behind, b.limit) {
				return nil, p.wrong(x)
			}
			// By their lengths the texts may be longer than they are.
			if f, behind, _, st = p.dec.Next(behind, make([]byte, 2*len(p.texts[b.of].B))); st != hpack.OK {
				logStatus(x, st, behind)
				return nil, p.wrong(x)
			}
		default:
			logStatus(x, st, behind)
			return nil, p.wrong(x)
		}
		if src = behind; f.Name == nil {
			break
		}
		if !valid(f) {
			x.R.Errorf(nil, `upstream sent invalid header: "%s: %s"`, f.Name, f.Value)
			return nil, p.wrong(x)
		}
		if b.limit -= len(f.Name) + len(f.Value); b.limit < 0 {
			x.R.Errorf(nil, "upstream sent too large http2 header")
			return nil, p.wrong(x)
		}
		if p.headed {
			ok = p.trailer(x, f)
		} else {
			ok = p.responseField(x, f)
		}
		if !ok {
			return nil, false
		}
	}
	return nil, true
}

// valid reports whether a field may be passed on (RFC 9113, section 8.2.1).
func valid(f hpack.Field) bool {
	if f.Index == 0 {
		for i, c := range f.Name {
			if c == ':' && i > 0 || 'A' <= c && c <= 'Z' || c <= ' ' || c == 0x7f {
				return false
			}
		}
	}
	for _, c := range f.Value {
		if c == 0 || c == '\r' || c == '\n' {
			return false
		}
	}
	return true
}

// wrong ends a response because of its header block; why is logged.
func (p *Peer) wrong(x *pass.Exchange) bool {
	text := "upstream sent invalid header"
	if p.headed {
		text = "upstream sent invalid trailer"
	}
	x.R.Errorf(nil, "%s", text)
	return false
}

// badBlock is wrong for those who return a step.
func (p *Peer) badBlock(x *pass.Exchange) step {
	p.wrong(x)
	return bad
}

// maxLength is the largest length that nginx reads: its integers have four bytes.
const maxLength = 127 + 1<<21 - 1

// tooLong reports whether a text of the first field is too long for the limit, which it logs.
func tooLong(x *pass.Exchange, block []byte, limit int) bool {
	s, _ := hpack.Look(block)
	what, n := "name", s.Name
	if n <= limit {
		what, n = "value", s.Value
	}
	switch {
	case s.Resize || n <= limit:
		return false
	case n > maxLength:
		x.R.Errorf(nil, "upstream sent too large http2 header %s length", what)
	default:
		x.R.Errorf(nil, "upstream sent too large http2 header %s length: %d", what, n)
	}
	return true
}

// logStatus logs what is wrong with the first field of a block.
func logStatus(x *pass.Exchange, st hpack.Status, block []byte) {
	s, _ := hpack.Look(block)
	switch st {
	case hpack.BadTableSize:
		x.R.Errorf(nil, "upstream sent invalid http2 dynamic table size update: %d", block[0]&0x1f)
	case hpack.BadHuffman:
		x.R.Errorf(nil, "upstream sent invalid encoded header")
	case hpack.EmptyName:
		x.R.Errorf(nil, "upstream sent zero http2 header name length")
	case hpack.BadIndex:
		x.R.Errorf(nil, "upstream sent invalid http2 table index: %d", s.Index)
	default: // BadInteger
		switch first := block[0]; {
		case s.Index == 0 && s.Name == -1:
			x.R.Errorf(nil, "upstream sent too large http2 header name length")
		case s.Index >= 0 && !s.Resize:
			x.R.Errorf(nil, "upstream sent too large http2 header value length")
		case s.Resize:
			x.R.Errorf(nil, "upstream sent invalid http2 dynamic table size update: %d", first&0x1f)
		case first&0x80 != 0:
			x.R.Errorf(nil, "upstream sent invalid http2 table index: %d", first&0x7f)
		case first&0x40 != 0:
			x.R.Errorf(nil, "upstream sent invalid http2 table index: %d", first&0x3f)
		default:
			x.R.Errorf(nil, "upstream sent http2 table index with continuation flag")
		}
	}
}
