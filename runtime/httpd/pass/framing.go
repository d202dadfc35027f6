package pass

import (
	"errors"
	"io"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Framing is how a protocol wraps the pieces of a request body: HTTP/1's chunks,
// FastCGI's records. A codec sets Exchange.Framing where the body is wrapped. The
// methods append to dst; each adds at most maxFrame bytes.
type Framing interface {
	// Before appends what precedes a piece of n bytes, 0 < n <= Max.
	Before(dst []byte, n int) []byte
	// After appends what follows it.
	After(dst []byte, n int) []byte
	// End appends what follows the last piece, or the head where there is no body.
	End(dst []byte) []byte
	// Max is the size of the largest piece.
	Max() int
}

// maxFrame is room for what a Framing appends.
const maxFrame = 24

// sendFramed sends a request whose body is there and wrapped: as in send.
func (x *Exchange) sendFramed(head []byte) (Fail, httpd.Result) {
	body := &x.R.Body
	f := x.Framing
	b := head
	switch mem := body.Mem; {
	case x.NoBody || len(mem) == 0 && body.File == nil:
		return x.sendDone(x.ask(f.End(head)))
	case body.File != nil, len(mem) > atOnce:
		x.beginUpload(nil, head)
		return 0, httpd.OK
	default:
		pieces := (len(mem) + f.Max() - 1) / f.Max()
		if room := len(head) + len(mem) + (2*pieces+1)*maxFrame; room > cap(head) {
			grown := buf.Sized(room)
			defer grown.Free()
			b = append(grown.B[:0], head...)
		}
		for len(mem) > 0 {
			n := min(len(mem), f.Max())
			b = f.After(append(f.Before(b, n), mem[:n]...), n)
			mem = mem[n:]
		}
		return x.sendDone(x.ask(f.End(b)))
	}
}

// sendPiece sends what is left of the head, n bytes, and a piece of the body, with
// what ends the body if this is the last: in one write if they fit the head's
// buffer.
func (x *Exchange) sendPiece(c *upstream.Conn, n int, piece []byte, last bool, write func([]byte) error) error {
	f := x.Framing
	if f != nil {
		for len(piece) > f.Max() {
			if err := x.sendPart(c, n, piece[:f.Max()], false, write); err != nil {
				return err
			}
			n, piece = 0, piece[f.Max():]
		}
	}
	return x.sendPart(c, n, piece, last, write)
}

// sendPart is sendPiece for a piece that needs one frame.
func (x *Exchange) sendPart(c *upstream.Conn, n int, piece []byte, last bool, write func([]byte) error) error {
	b := x.out.B[:n]
	if n == 0 {
		b = x.out.B[x.outLen:x.outLen]
	}
	tail := x.tail[:0]
	if f := x.Framing; f != nil {
		if len(piece) > 0 {
			b = f.Before(b, len(piece))
			tail = f.After(tail, len(piece))
		}
		if last {
			tail = f.End(tail)
		}
	}
	if cap(b)-len(b) >= len(piece)+len(tail) {
		b = append(append(b, piece...), tail...)
		if len(b) == 0 {
			return nil
		}
		return write(b)
	}
	c.Net.SetWriteTimeout(msec(x.S.SendTimeout))
	if len(b) > 0 {
		if _, err := c.WriteMore(b); err != nil {
			return err
		}
	}
	if len(tail) == 0 {
		return write(piece)
	}
	if _, err := c.WriteMore(piece); err != nil {
		return err
	}
	return write(tail)
}

// sendFramed sends a body that is there, wrapped. What surrounds a piece of a file
// leaves with it in one write.
func (u *upload) sendFramed() error {
	body := &u.x.R.Body
	f := u.x.Framing
	if body.File == nil {
		return u.x.sendPiece(u.conn, 0, body.Mem, true, u.write)
	}
	b := buf.Sized(32 << 10)
	defer b.Free()
	most := min(len(b.B)-3*maxFrame, f.Max())
	for off := int64(0); off < body.Size; {
		room := b.B[maxFrame:][:min(int64(most), body.Size-off)]
		n, err := body.File.ReadAt(room, off)
		if n == 0 {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		off += int64(n)
		before := f.Before(u.x.tail[:0], n)
		from := maxFrame - len(before)
		copy(b.B[from:], before)
		whole := f.After(b.B[from:maxFrame+n], n)
		if off == body.Size {
			whole = f.End(whole)
		}
		if err := u.write(whole); err != nil {
			return err
		}
	}
	return nil
}
