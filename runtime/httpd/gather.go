package httpd

import "github.com/sluiceproxy/sluice/runtime/buf"

// Gather is the output buffer of a body filter. It joins the small parts that the
// filter makes of one piece, so that few pieces go on to the next filter. It is empty
// between the filter's calls. The zero Gather is ready.
type Gather struct {
	b     *buf.Buf
	n     int    // bytes in b
	held  []byte // a part that is passed on as it is, behind them
	piece Out
}

const (
	gatherSize  = 8 << 10
	gatherLimit = 2 << 10 // a longer part is not copied
)

// Add appends a part, which must stay valid until End, to what is passed to the
// next-th filter of r's chain.
func (g *Gather) Add(r *Request, next int, p []byte) error {
	if g.held != nil || g.n+len(p) > gatherSize {
		if err := g.pass(r, next); err != nil {
			return err
		}
	}
	if len(p) > gatherLimit {
		g.held = p
		if g.n > 0 {
			return g.passBuf(r, next)
		}
		return nil
	}
	if g.b == nil {
		g.b = buf.Sized(gatherSize)
	}
	g.n += copy(g.b.B[g.n:], p)
	return nil
}

// Empty reports whether nothing is collected.
func (g *Gather) Empty() bool { return g.n == 0 && g.held == nil }

// End passes on what is left, with the flags of o, the piece that is dealt with;
// nil for none.
func (g *Gather) End(r *Request, next int, o *Out) error {
	if g.held != nil && g.n > 0 {
		if err := g.passBuf(r, next); err != nil {
			return err
		}
	}
	g.piece = Out{Mem: g.held}
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
func (g *Gather) Drop() {
	g.held, g.n = nil, 0
	if g.b != nil {
		g.b.Free()
		g.b = nil
	}
}

func (g *Gather) pass(r *Request, next int) error {
	if err := g.passBuf(r, next); err != nil || g.held == nil {
		return err
	}
	g.piece = Out{Mem: g.held}
	g.held = nil
	return r.Next(next, &g.piece)
}

func (g *Gather) passBuf(r *Request, next int) error {
	if g.n == 0 {
		return nil
	}
	g.piece = Out{Mem: g.b.B[:g.n]}
	g.n = 0
	return r.Next(next, &g.piece)
}
