package charset

import (
	"strconv"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// recoder is the body filter of one response. What it passes on lies in out,
// which is borrowed for the time of one piece.
type recoder struct {
	table *table
	saved [maxUTF8]byte // an incomplete UTF-8 sequence
	kept  int           // its length
	out   *buf.Buf
	used  int
	piece httpd.Out
}

const (
	maxUTF8   = 4                 // longest UTF-8 sequence
	maxEntity = len("&#1114111;") // longest that a character may become
	copyFrom  = 512               // a longer part that stays is passed as it is
	outSize   = 16 << 10          // of the buffer that is passed on
)

var recoders = sync.Pool{New: func() any { return new(recoder) }}

// Close implements httpd.BodyFilter.
func (f *recoder) Close(*httpd.Request) {
	*f = recoder{}
	recoders.Put(f)
}

// Filter implements httpd.BodyFilter.
func (f *recoder) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	start := f.unchanged(o.Mem)
	if start == len(o.Mem) {
		return r.Next(next, o)
	}
	if start <= copyFrom {
		start = 0
	}
	if start > 0 {
		f.piece = httpd.Out{Mem: o.Mem[:start]}
		if err := r.Next(next, &f.piece); err != nil {
			return err
		}
	}
	f.out = buf.Sized(outSize)
	defer f.release()
	for rest := o.Mem[start:]; ; {
		rest = f.recode(rest)
		f.piece = httpd.Out{Mem: f.out.B[:f.used]}
		done := len(rest) == 0
		if done {
			f.piece.Last, f.piece.Flush = o.Last, o.Flush
			f.piece.Recycled = o.Recycled && f.table.bytes != nil // recoded in place, in nginx
			if f.used == 0 && !o.Last && !o.Flush {
				return nil
			}
		}
		if err := r.Next(next, &f.piece); err != nil || done {
			return err
		}
		f.used = 0
	}
}

func (f *recoder) release() {
	f.out.Free()
	f.out, f.used = nil, 0
}

// unchanged returns how many bytes at the beginning of a piece stay.
func (f *recoder) unchanged(p []byte) int {
	switch t := f.table; {
	case t.bytes != nil:
		for i, c := range p {
			if t.bytes[c] != c {
				return i
			}
		}
	case t.toUTF8 != nil:
		for i, c := range p {
			if t.toUTF8[c].n != 1 {
				return i
			}
		}
	default:
		if f.kept > 0 && len(p) > 0 {
			return 0
		}
		for i, c := range p {
			if c >= 0x80 {
				return i
			}
		}
	}
	return len(p)
}

// recode converts what fits into out and returns the rest.
func (f *recoder) recode(p []byte) []byte {
	switch t := f.table; {
	case t.bytes != nil:
		n := min(len(p), len(f.out.B))
		for i, c := range p[:n] {
			f.out.B[i] = t.bytes[c]
		}
		f.used = n
		return p[n:]
	case t.toUTF8 != nil:
		return f.toUTF8(p)
	default:
		return f.fromUTF8(p)
	}
}

func (f *recoder) toUTF8(p []byte) []byte {
	dst := f.out.B[:0]
	for i, c := range p {
		if cap(dst)-len(dst) < maxSequence {
			f.used = len(dst)
			return p[i:]
		}
		s := &f.table.toUTF8[c]
		dst = append(dst, s.b[:s.n]...)
	}
	f.used = len(dst)
	return nil
}

func (f *recoder) fromUTF8(p []byte) []byte {
	dst := f.out.B[:0]
	if f.kept > 0 {
		dst, p = f.resume(dst, p)
	}
	for len(p) > 0 && cap(dst)-len(dst) >= maxEntity {
		if c := p[0]; c < 0x80 {
			dst = append(dst, c)
			p = p[1:]
			continue
		}
		point, n := decode(p)
		if point == incomplete {
			f.kept = copy(f.saved[:], p)
			p = nil
			break
		}
		dst = f.appendPoint(dst, point)
		p = p[n:]
	}
	f.used = len(dst)
	return p
}

// resume completes the sequence that the piece before this one began.
func (f *recoder) resume(dst, p []byte) (out, rest []byte) {
	had := f.kept
	f.kept += copy(f.saved[had:], p)
	point, n := decode(f.saved[:f.kept])
	if point == incomplete {
		return dst, nil
	}
	f.kept = 0
	return f.appendPoint(dst, point), p[max(n-had, 0):]
}

// appendPoint appends the equivalent of a code point: its byte, or a character
// reference of HTML where the set does not have it.
func (f *recoder) appendPoint(dst []byte, point uint32) []byte {
	if point > 0x10ffff {
		return append(dst, '?')
	}
	if point <= 0xffff {
		if page := f.table.fromUTF8[point>>8]; page != nil && page[point&0xff] != 0 {
			return append(dst, page[point&0xff])
		}
	}
	dst = append(dst, '&', '#')
	dst = strconv.AppendUint(dst, uint64(point), 10)
	return append(dst, ';')
}

// What decode says of bytes that are no sequence.
const (
	incomplete uint32 = 0xfffffffe
	invalid    uint32 = 0xffffffff
)

// decode reads the sequence at the beginning of p, which is not ASCII and not
// empty, and returns how many bytes it took: as nginx's decoder, which takes a
// wrong byte within a sequence too.
func decode(p []byte) (point uint32, n int) {
	u := uint32(p[0])
	var low uint32
	switch {
	case u >= 0xf8 || u < 0xc2:
		return invalid, 1
	case u >= 0xf0:
		u, low, n = u&0x07, 0xffff, 4
	case u >= 0xe0:
		u, low, n = u&0x0f, 0x7ff, 3
	default:
		u, low, n = u&0x1f, 0x7f, 2
	}
	if len(p) < n {
		return incomplete, 0
	}
	for i, c := range p[1:n] {
		if c < 0x80 {
			return invalid, i + 2
		}
		u = u<<6 | uint32(c&0x3f)
	}
	if u <= low {
		return invalid, n
	}
	return u, n
}
