package pass

import (
	"errors"
	"io"
	"os"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Framing is how a protocol wraps the pieces of a request body: HTTP/1's chunks,
// FastCGI's records. A codec sets Exchange.Framing where the body is wrapped. The
// methods append to dst; each adds at most maxFrame bytes.
type Framing interface {
	// Before appends what precedes a piece of n bytes, 0 < n <= Max; last: no other piece follows.
	Before(dst []byte, n int, last bool) []byte
	// After appends what follows it.
	After(dst []byte, n int) []byte
	// End appends what follows the last piece, or the head where there is no body.
	End(dst []byte) []byte
	// Max is the size of the largest piece.
	Max() int
}

// Metered is a Framing of a protocol whose peer says how much of a body it takes. It has one writer, which calls Room and Take;
// the codec calls Exchange.MoreRoom when there may be more room.
type Metered interface {
	Framing
	// Room is how much may be sent now. It shrinks by Take alone.
	Room() int
	// Take takes room for a piece of n bytes, n <= Room().
	Take(n int)
}

// maxFrame is room for what a Framing appends.
const maxFrame = 24

// content is the body that is sent where it does not come in pieces: in memory, or in a file.
func (x *Exchange) content() (mem []byte, file *os.File, size int64) {
	body := &x.R.Body
	switch {
	case x.Own != nil:
		return x.Own, nil, int64(len(x.Own))
	case x.NoBody:
		return nil, nil, 0
	case body.File != nil:
		return nil, body.File, body.Size
	}
	return body.Mem, nil, int64(len(body.Mem))
}

// sendFramed sends a request whose body is there and wrapped: as in send.
func (x *Exchange) sendFramed(head []byte) (Fail, httpd.Result) {
	f := x.Framing
	b := head
	switch mem, file, _ := x.content(); {
	case len(mem) == 0 && file == nil:
		return x.sendDone(x.ask(f.End(head)))
	case file != nil, len(mem) > atOnce, !x.hasRoom(len(mem)):
		x.beginUpload(&upload{head: head})
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
			x.takeRoom(n)
			b = f.After(append(f.Before(b, n, n == len(mem)), mem[:n]...), n)
			mem = mem[n:]
		}
		return x.sendDone(x.ask(f.End(b)))
	}
}

// hasRoom reports whether n bytes of a body may be sent at once.
func (x *Exchange) hasRoom(n int) bool {
	m, ok := x.Framing.(Metered)
	return !ok || m.Room() >= n
}

// takeRoom takes the room for n bytes, which is there.
func (x *Exchange) takeRoom(n int) {
	if m, ok := x.Framing.(Metered); ok {
		m.Take(n)
	}
}

// nextPiece is how much of n bytes the next piece of the body has. It waits until the peer takes something.
func (x *Exchange) nextPiece(n int) (int, error) {
	n = min(n, x.Framing.Max())
	m, ok := x.Framing.(Metered)
	if !ok || n == 0 {
		return n, nil
	}
	if m.Room() <= 0 {
		if err := x.awaitRoom(m); err != nil {
			return 0, err
		}
	}
	n = min(n, m.Room())
	m.Take(n)
	return n, nil
}

// sendPiece sends what is left of the head, n bytes, and a piece of the body, with
// what ends the body if this is the last: in one write if they fit the head's
// buffer.
func (x *Exchange) sendPiece(c *upstream.Conn, n int, piece []byte, last bool, write func([]byte) error) error {
	if x.Framing == nil {
		return x.sendPart(c, n, piece, last, write)
	}
	for {
		size, err := x.nextPiece(len(piece))
		if err != nil {
			return err
		}
		if err := x.sendWhole(c, n, piece[:size], last && size == len(piece), write); err != nil || size == len(piece) {
			return err
		}
		n, piece = 0, piece[size:]
	}
}

// sendWhole is sendPart; nothing else is sent meanwhile.
func (x *Exchange) sendWhole(c *upstream.Conn, n int, piece []byte, last bool, write func([]byte) error) error {
	if _, ok := x.Framing.(Metered); !ok {
		return x.sendPart(c, n, piece, last, write)
	}
	if err := x.holdOutlet(); err != nil {
		return err
	}
	err := x.sendPart(c, n, piece, last, write)
	x.leaveOutlet(c)
	return err
}

// sendPart is sendPiece for a piece that needs one frame.
func (x *Exchange) sendPart(c *upstream.Conn, n int, piece []byte, last bool, write func([]byte) error) error {
	b := x.out.B[min(x.outFrom, n):n]
	if n == 0 {
		b = x.out.B[x.outLen:x.outLen]
	}
	tail := x.tail[:0]
	if f := x.Framing; f != nil {
		if len(piece) > 0 {
			b = f.Before(b, len(piece), last)
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
	if _, metered := x.Framing.(Metered); metered && len(tail) == 0 { // many pieces, all of them small
		_, err := c.Write2(b, piece)
		return err
	}
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
	x, f := u.x, u.x.Framing
	mem, file, size := x.content()
	if file == nil {
		return x.sendPiece(u.conn, 0, mem, true, u.write)
	}
	b := buf.Sized(32 << 10)
	defer b.Free()
	most := int64(len(b.B) - 3*maxFrame)
	for off := int64(0); off < size; {
		want, err := x.nextPiece(int(min(most, size-off)))
		if err != nil {
			return err
		}
		n, err := file.ReadAt(b.B[maxFrame:][:want], off)
		if n < want {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		off += int64(n)
		before := f.Before(x.tail[:0], n, off == size)
		from := maxFrame - len(before)
		copy(b.B[from:], before)
		whole := f.After(b.B[from:maxFrame+n], n)
		if off == size {
			whole = f.End(whole)
		}
		if err := u.writeWhole(whole); err != nil {
			return err
		}
	}
	return nil
}

// writeWhole sends p; nothing else is sent meanwhile.
func (u *upload) writeWhole(p []byte) error {
	if _, ok := u.x.Framing.(Metered); !ok {
		return u.write(p)
	}
	if err := u.x.holdOutlet(); err != nil {
		return err
	}
	err := u.write(p)
	u.x.leaveOutlet(u.conn)
	return err
}
