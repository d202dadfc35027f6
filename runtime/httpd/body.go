package httpd

import (
	"errors"
	"io"
	"os"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Body is a request body. A handler either reads all of it with
// [Request.ReadBody], then finds it in Mem or File, or takes it piece by piece
// with [Request.BodyNext].
type Body struct {
	Mem  []byte   // the whole body, if it fitted client_body_buffer_size
	File *os.File // else it is here, from the beginning
	Size int64    // of the decoded body

	bodyDecoder
	store     *buf.Buf
	before    int64 // $request_length when reading began
	refused   bool  // an invalid or too large chunked one
	had       int64 // what had come of it then, $content_length; -1 where it was discarded
	started   bool
	discarded bool
	read      bool // ReadBody has run
	keepFile  bool
	inFile    bool // File, whatever the settings: see BodyFile
	ownBuf    bool // the connection's input is a buffer of the body alone
}

func (b *Body) release(r *Request) {
	if b.store != nil {
		b.store.Free()
	}
	if r.parent == nil {
		b.dropFile()
	}
	*b = Body{}
}

// dropFile closes the temporary file and removes it, unless it is to be kept.
func (b *Body) dropFile() {
	if b.File == nil {
		return
	}
	name := b.File.Name()
	_ = b.File.Close()
	if !b.keepFile {
		_ = os.Remove(name)
	}
	b.File = nil
}

// bodyUnread reports whether bytes of the body may still be on their way. While
// they are dropped nobody else looks at the Body.
func (r *Request) bodyUnread() bool {
	if r.conn.drop.runs() {
		return true
	}
	if r.Body.started {
		return !r.Body.done
	}
	return r.HasBody()
}

// DiscardBody says that the handler has no use for the body. What the client
// sends of it is read and dropped after the response. From then on the request
// has an empty body: subrequests and error pages announce no length that they
// could not send.
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
	r.startBody()
	r.In.ContentLength, r.In.Chunked = 0, false
	rc := r.dropReceived()
	if rc == OK && r.bodyUnread() {
		r.conn.dropWhileWaiting(r)
	}
	return rc
}

// HasBody reports whether the request announced a body that was not discarded.
func (r *Request) HasBody() bool { return r.In.ContentLength > 0 || r.In.Chunked }

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
	case errors.Is(err, io.EOF), r.conn.resetTLS(err):
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
	toFile := b.inFile || r.bodyInFile != bodyFileOff
	limit := r.memoryLimit()
	n := int64(0)
	for {
		piece, err := r.BodyNext()
		if errors.Is(err, io.EOF) && b.done {
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
			r.abandonBody()
			return StatusInternalServerError
		}
	}
	if b.store != nil && b.File == nil {
		b.Mem = b.store.B[:n]
	}
	if toFile && b.File == nil && (b.inFile || r.In.ContentLength >= 0) { // an empty body has an empty file
		if err := r.spill(nil, n); err != nil {
			r.abandonBody()
			return StatusInternalServerError
		}
	}
	return OK
}
