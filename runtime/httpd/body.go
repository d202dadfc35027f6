package httpd

import (
	"errors"
	"io"
	"os"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/chunked"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Body is a request body. A handler either reads all of it with
// [Request.ReadBody], then finds it in Mem or File, or takes it piece by piece
// with [Request.BodyNext].
type Body struct {
	Mem  []byte   // the whole body, if it fitted client_body_buffer_size
	File *os.File // else it is here, from the beginning
	Size int64    // of the decoded body

	store     *buf.Buf
	dec       chunked.Decoder
	left      int64 // bytes still to come of a counted body
	started   bool
	done      bool
	discarded bool
	read      bool // ReadBody has run
	keepFile  bool
	inFile    bool // File, whatever the settings: see BodyFile
	raw       *buf.Buf
}

func (b *Body) release(r *Request) {
	if b.store != nil {
		b.store.Free()
	}
	if b.raw != nil {
		b.raw.Free()
	}
	if b.File != nil && r.parent == nil {
		name := b.File.Name()
		_ = b.File.Close()
		if !b.keepFile {
			_ = os.Remove(name)
		}
	}
	*b = Body{}
}

// bodyUnread reports whether bytes of the body may still be on their way.
func (r *Request) bodyUnread() bool { return r.HasBody() && !r.Body.done }

// DiscardBody says that the handler has no use for the body. What the client
// sends of it is read and dropped after the response.
func (r *Request) DiscardBody() Result {
	if r.parent != nil || r.Body.discarded || r.Body.started {
		return OK
	}
	if r.Debugging() {
		r.Debugf("http set discard body")
	}
	if err := r.TestExpect(); err != nil {
		r.broken(err)
		return Error
	}
	if !r.HasBody() {
		return OK
	}
	r.Body.discarded = true
	return r.dropReceived()
}

// dropReceived discards what of the body has come along with the header. An
// invalid body is refused while that is still possible.
func (r *Request) dropReceived() Result {
	for c := r.conn; r.startBody() && c.inPos < c.inEnd; {
		if _, err := r.decode(c.inEnd - c.inPos); err != nil {
			return r.BodyFailed(err)
		}
	}
	return OK
}

// HasBody reports whether the request announced a body.
func (r *Request) HasBody() bool { return r.In.ContentLength > 0 || r.In.Chunked }

// start prepares reading; false when there is nothing to read.
func (r *Request) startBody() bool {
	b := &r.Body
	if r.parent != nil || b.done {
		return false
	}
	if !b.started {
		b.started = true
		b.left = max(r.In.ContentLength, 0)
		if r.In.Chunked {
			b.dec.Reset()
		} else if b.left == 0 {
			b.done = true
			return false
		}
	}
	return true
}

// TestExpect answers "Expect: 100-continue" before the body is read.
func (r *Request) TestExpect() error {
	if r.expectTested || r.Version < 1001 || r.parent != nil {
		return nil
	}
	e := r.In.Get(h1.Expect)
	if e == nil {
		return nil
	}
	r.expectTested = true
	if !h1.EqualFold(e, "100-continue") {
		return nil
	}
	n, err := r.conn.rw.Write(continueLine)
	r.sent += int64(n)
	return err
}

var continueLine = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// errors of reading a body.
var (
	errTooLarge = errors.New("too large body")
	errBadBody  = errors.New("invalid chunked body")
)

// BodyNext returns the next piece of the decoded body, io.EOF after the last.
// The piece is valid until the next call. [Request.BodyFailed] turns another
// error into the response.
func (r *Request) BodyNext() ([]byte, error) {
	b := &r.Body
	if !r.startBody() {
		return nil, io.EOF
	}
	c := r.conn
	for {
		if b.done {
			return nil, io.EOF
		}
		if c.inPos == c.inEnd {
			if err := r.fillBody(); err != nil {
				return nil, err
			}
		}
		piece, err := r.decode(c.inEnd - c.inPos)
		if err != nil {
			return nil, err
		}
		if len(piece) > 0 {
			if err := r.countBody(len(piece)); err != nil {
				return nil, err
			}
			return piece, nil
		}
	}
}

// countBody adds n decoded bytes and enforces client_max_body_size on bodies
// that did not announce their length.
func (r *Request) countBody(n int) error {
	b := &r.Body
	b.Size += int64(n)
	if limit := r.loc.Core.maxBodySize; r.In.Chunked && limit > 0 && b.Size > limit && !b.discarded {
		r.Errorf(nil, "client intended to send too large chunked body: %d+%d bytes", b.Size-int64(n), n)
		return errTooLarge
	}
	return nil
}

// decode takes what it can from the connection's input, at most limit bytes.
func (r *Request) decode(limit int) ([]byte, error) {
	b, c := &r.Body, r.conn
	in := c.in.B[c.inPos:min(c.inEnd, c.inPos+limit)]
	if !r.In.Chunked {
		n := min(b.left, int64(len(in)))
		c.inPos += int(n)
		r.countRaw(n)
		b.left -= n
		b.done = b.left == 0
		return in[:n], nil
	}
	data, used, st := b.dec.Decode(in)
	c.inPos += used
	r.countRaw(int64(used))
	switch st {
	case chunked.Done:
		b.done = true
	case chunked.Invalid:
		r.Errorf(nil, "client sent invalid chunked body")
		return nil, errBadBody
	}
	return data, nil
}

// countRaw adds to $request_length, which leaves discarded bodies out.
func (r *Request) countRaw(n int64) {
	if !r.Body.discarded {
		r.length += n
	}
}

// fillBody reads more of the body from the client.
func (r *Request) fillBody() error {
	c := r.conn
	if err := r.TestExpect(); err != nil {
		return err
	}
	if c.in != nil {
		r.bufs = append(r.bufs, c.in) // fields point into it
		c.in = nil
	}
	if r.Body.raw == nil {
		r.Body.raw = buf.Sized(16 << 10)
	}
	c.in, r.Body.raw = r.Body.raw, nil
	c.inPos, c.inEnd, c.inLarge = 0, 0, true
	c.nc.SetReadTimeout(msec(r.loc.Core.bodyTimeout))
	n, err := c.rw.Read(c.in.B)
	if n == 0 && err == nil {
		err = io.EOF
	}
	if err != nil && n == 0 {
		return err
	}
	c.inEnd = n
	return nil
}

// BodyFailed turns an error of BodyNext or ReadBody into a result.
func (r *Request) BodyFailed(err error) Result {
	switch {
	case errors.Is(err, errTooLarge):
		return StatusEntityTooLarge
	case errors.Is(err, errBadBody):
		return StatusBadRequest
	case isTimeout(err): // which nginx does not log
		r.conn.timedOut = true
		return StatusRequestTimeout
	case errors.Is(err, io.EOF):
		r.Logf(errlog.Info, nil, "client prematurely closed connection")
	default:
		r.Logf(errlog.Info, err, "recv() failed")
	}
	r.failed = true
	return StatusBadRequest
}

// ReadBody reads the whole body into memory, or into a temporary file when it
// is larger than client_body_buffer_size. OK, or the result to return.
func (r *Request) ReadBody() Result {
	b := &r.Body
	if r.noBody {
		return OK
	}
	if r.parent != nil {
		b = &r.main.Body
		r.Body.Mem, r.Body.File, r.Body.Size = b.Mem, b.File, b.Size
		return OK
	}
	if b.read || b.discarded {
		return OK
	}
	b.read = true
	if err := r.TestExpect(); err != nil {
		r.broken(err)
		return Error
	}
	toFile := b.inFile || r.loc.Core.bodyInFile != bodyFileOff
	limit := r.memoryLimit()
	n := int64(0)
	for {
		piece, err := r.BodyNext()
		if errors.Is(err, io.EOF) && b.done {
			break
		}
		if err == nil && !r.startBody() && piece == nil {
			break
		}
		if err != nil {
			return r.BodyFailed(err)
		}
		if b.File == nil && !toFile && n+int64(len(piece)) <= limit {
			n += int64(len(r.keepPiece(piece, limit)))
			continue
		}
		if err := r.spill(piece, n); err != nil {
			return StatusInternalServerError
		}
	}
	if b.store != nil && b.File == nil {
		b.Mem = b.store.B[:n]
	}
	if toFile && b.File == nil && (b.inFile || b.Size > 0) {
		if err := r.spill(nil, n); err != nil {
			return StatusInternalServerError
		}
	}
	return OK
}

// memoryLimit returns up to which size the body stays in memory. That is
// client_body_buffer_size and, as in nginx, what fits the header's buffer or
// exceeds the body's buffer by less than a quarter.
func (r *Request) memoryLimit() int64 {
	c, size := r.conn, r.loc.Core.bodyBufferSize
	if c.in == nil {
		return size
	}
	received := int64(c.inEnd - c.inPos)
	if r.In.Chunked {
		return max(size, received)
	}
	if rest := r.In.ContentLength - received; rest <= int64(len(c.in.B)-c.inEnd) || rest < size+size/4 {
		return max(size, r.In.ContentLength)
	}
	return size
}

// keepPiece adds a piece to the body in memory, which has at most limit bytes.
func (r *Request) keepPiece(piece []byte, limit int64) []byte {
	b := &r.Body
	at := int(b.Size) - len(piece)
	if b.store == nil || len(b.store.B) < at+len(piece) {
		size := int(limit)
		if cl := r.In.ContentLength; cl > 0 && cl < int64(size) {
			size = int(cl)
		} else if cl < 0 {
			size = min(size, max(2*(at+len(piece)), 4096))
		}
		grown := buf.Sized(max(size, at+len(piece)))
		if b.store != nil {
			copy(grown.B, b.store.B[:at])
			b.store.Free()
		}
		b.store = grown
	}
	copy(b.store.B[at:], piece)
	return piece
}

// spill moves the body to a temporary file and adds a piece to it.
func (r *Request) spill(piece []byte, inMemory int64) error {
	b := &r.Body
	if b.File == nil {
		f, err := r.TempFile(&r.loc.Core.bodyTemp)
		if err != nil {
			return err
		}
		b.File = f
		b.keepFile = r.loc.Core.bodyInFile == bodyFileOn && !b.inFile
		lv := errlog.Warn
		if r.loc.Core.bodyInFile != bodyFileOff {
			lv = errlog.Notice
		}
		if !b.inFile {
			r.Logf(lv, nil, "a client request body is buffered to a temporary file %s", f.Name())
		}
		if inMemory > 0 {
			if _, err := f.Write(b.store.B[:inMemory]); err != nil {
				r.Logf(errlog.Crit, err, `pwrite() "%s" failed`, f.Name())
				return err
			}
		}
	}
	if _, err := b.File.Write(piece); err != nil {
		r.Logf(errlog.Crit, err, `pwrite() "%s" failed`, b.File.Name())
		return err
	}
	return nil
}

// discard reads what is left of the body so that the connection can serve the
// next request.
func (c *Conn) discard(r *Request) {
	r.Body.discarded = true
	r.expectTested = true
	until := clock.Mono() + r.loc.Core.lingeringTime*1e6
	for clock.Mono() < until {
		if c.inPos == c.inEnd {
			c.nc.SetReadTimeout(msec(r.loc.Core.lingeringTimeout))
		}
		if _, err := r.BodyNext(); err != nil {
			if !r.Body.done {
				r.keepalive = false
				if _, ok := errlog.Errno(err); ok && !isTimeout(err) {
					r.Logf(errlog.Info, err, "recv() failed")
				}
			}
			return
		}
	}
	r.keepalive = false
}
