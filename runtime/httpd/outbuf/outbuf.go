// Package outbuf joins the small parts that a body filter makes of one piece, so that few
// pieces go on to the next filter.
//
//	var out outbuf.Buffer
//	err := out.Add(r, next, part)
//	...
//	err = out.End(r, next, piece)
package outbuf

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Buffer is the output buffer of a body filter. It is empty between the filter's calls. The
// zero Buffer is ready.
type Buffer struct {
	b     *buf.Buf
	n     int    // bytes in b
	held  []byte // a part that is passed on as it is, behind them
	piece httpd.Out
}

const (
	size    = 8 << 10
	longest = 2 << 10 // a longer part is not copied
)

// Add appends a part, which must stay valid until End, to what is passed to the
// next-th filter of r's chain.
func (g *Buffer) Add(r *httpd.Request, next int, p []byte) error {
	if g.held != nil || g.n+len(p) > size {
		if err := g.pass(r, next); err != nil {
			return err
		}
	}
	if len(p) > longest {
		g.held = p
		if g.n > 0 {
			return g.passBuf(r, next)
		}
		return nil
	}
	if g.b == nil {
		g.b = buf.Sized(size)
	}
	g.n += copy(g.b.B[g.n:], p)
	return nil
}

// Empty reports whether nothing is collected.
func (g *Buffer) Empty() bool { return g.n == 0 && g.held == nil }

// End passes on what is left, with the flags of o, the piece that is dealt with;
// nil for none.
func (g *Buffer) End(r *httpd.Request, next int, o *httpd.Out) error {
	if g.held != nil && g.n > 0 {
		if err := g.passBuf(r, next); err != nil {
			return err
		}
	}
	g.piece = httpd.Out{Mem: g.held}
	if o != nil {
		g.piece.Last, g.piece.Flush, g.piece.Recycled = o.Last, o.Flush, o.Recycled
	}
	if g.n > 0 {
		g.piece.Mem = g.b.B[:g.n]
	}
	g.held, g.n = nil, 0
	if p := &g.piece; len(p.Mem) == 0 && !p.Last && !p.Flush && !p.Recycled {
		return nil
	}
	err := r.Next(next, &g.piece)
	g.Drop()
	return err
}

// Drop forgets what is left, of a filter that has failed.
func (g *Buffer) Drop() {
	g.held, g.n = nil, 0
	if g.b != nil {
		g.b.Free()
		g.b = nil
	}
}

func (g *Buffer) pass(r *httpd.Request, next int) error {
	if err := g.passBuf(r, next); err != nil || g.held == nil {
		return err
	}
	g.piece = httpd.Out{Mem: g.held}
	g.held = nil
	return r.Next(next, &g.piece)
}

func (g *Buffer) passBuf(r *httpd.Request, next int) error {
	if g.n == 0 {
		return nil
	}
	g.piece = httpd.Out{Mem: g.b.B[:g.n]}
	g.n = 0
	return r.Next(next, &g.piece)
}
