package httpd

import (
	"errors"
	"io"
	"os"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Body is a request body. A handler either reads all of it with
// [Request.ReadBody], then finds it in Mem or File, or takes it piece by piece
// with [Request.BodyNext].
type Body struct {
	Mem  []byte   // the whole body, if it fitted client_body_buffer_size; nil if none was announced
	File *os.File // else it is here, from the beginning
	Size int64    // of the decoded body

	store     *buf.Buf
	part      []byte // of store: what $request_body is where the rest did not come
	Kept      int64  // Size before the last read from the client
	given     bool   // it cannot be used and was given up; see had
	had       int64  // of a chunked one: what $content_length is from then on, -1: nothing
	Started   bool   // reading it has begun
	Done      bool   // it was read to its end, or there is none
	Discarded bool   // what arrives of it is dropped
	streams   bool   // a part of it has come, and the rest is passed on as it comes
	Unread    bool   // ... which has ended before the body did
	Read      bool   // ReadBody has run
	keepFile  bool
	inFile    bool // File, whatever the settings: see BodyFile
	lost      bool // the client has sent it, and it is not here; see bodyLost
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

// BodyUnread reports whether bytes of the body may still be on their way. While
// they are dropped, only bodyDrop uses the Body.
func (r *Request) BodyUnread() bool {
	if r.carrier.DropsBody() {
		return true
	}
	if r.Body.Started {
		return !r.Body.Done
	}
	return r.HasBody()
}

// DiscardBody says that the handler has no use for the body. What the client
// sends of it is read and dropped after the response. From then on the request
// has an empty body: subrequests and error pages announce no length that they
// could not send.
func (r *Request) DiscardBody() Result {
	if r.parent != nil || r.Body.Discarded || r.Body.Started {
		return OK
	}
	if r.Debugging() {
		r.Debugf("http set discard body")
	}
	if err := r.TestExpect(); err != nil {
		r.Broken(err)
		return Error
	}
	if !r.HasBody() {
		return OK
	}
	r.Body.Discarded = true
	return r.carrier.DropBody(r)
}

// HasBody reports whether the request announced a body that was not discarded.
func (r *Request) HasBody() bool { return r.In.ContentLength > 0 || r.In.Chunked }

// TestExpect answers "Expect: 100-continue" before the body is read.
func (r *Request) TestExpect() error {
	if r.Proto.ExpectTested || r.Version < 1001 || r.parent != nil {
		return nil
	}
	e := r.In.Get(h1.Expect)
	if e == nil {
		return nil
	}
	r.Proto.ExpectTested = true
	if !h1.EqualFold(e, "100-continue") {
		return nil
	}
	return r.carrier.Continue(r)
}

// emptyBody is the Mem of a body that was announced and has no bytes.
var emptyBody = []byte{}

// errors of reading a body.
var (
	ErrTooLarge = errors.New("too large body")
	ErrBadBody  = errors.New("invalid chunked body")
)

// BodyError is an error of reading a body that its protocol has logged.
type BodyError struct {
	Code Result // of the response
	Gone bool   // there is nobody to send it to
}

// Error implements error.
func (*BodyError) Error() string { return "the request body failed" }

// BodyFailed turns an error of BodyNext or ReadBody into a result.
func (r *Request) BodyFailed(err error) Result {
	var known *BodyError
	switch {
	case errors.As(err, &known):
		r.Proto.Failed = r.Proto.Failed || known.Gone
		return known.Code
	case errors.Is(err, ErrTooLarge):
		return StatusEntityTooLarge
	case errors.Is(err, ErrBadBody):
		return StatusBadRequest
	case IsTimeout(err): // which nginx does not log
		r.main.Proto.TimedOut = true
		return StatusRequestTimeout
	case errors.Is(err, io.EOF):
		r.Logf(errlog.Info, nil, "client prematurely closed connection")
	default:
		r.Logf(errlog.Info, err, "%s", ReadFailed(err))
	}
	r.Proto.Failed = true
	return StatusBadRequest
}

// borrowBody makes the main request's body that of a subrequest.
func (r *Request) borrowBody(b *Body) {
	r.Body.Mem, r.Body.File, r.Body.Size = b.Mem, b.File, b.Size
	if b.streams && b.Mem == nil {
		r.In.ContentLength, r.In.Chunked, r.Body.Size = 0, false, 0
	}
}

// ReadBody reads the whole body into memory, or into a temporary file when it
// is larger than client_body_buffer_size. OK, or the result to return. A body that
// was passed on as it came is not there any more: the request has an empty one then.
func (r *Request) ReadBody() Result {
	b := &r.Body
	if r.noBody {
		return OK
	}
	if r.parent != nil {
		r.borrowBody(&r.main.Body)
		return OK
	}
	if b.streams && b.Mem == nil && !b.Read && !b.Discarded {
		r.loseBody()
	}
	if r.bodyLost() {
		return StatusInternalServerError
	}
	if b.Read || b.Discarded {
		return OK
	}
	b.Read = true
	if err := r.TestExpect(); err != nil {
		r.Broken(err)
		return Error
	}
	toFile := b.inFile || r.bodyInFile != settings.BodyFileOff
	limit := r.memoryLimit()
	n := b.Size // of what is in store: the beginning of a body that was to be passed on as it comes
	for {
		piece, err := r.BodyNext()
		if errors.Is(err, io.EOF) && b.Done {
			break
		}
		if err != nil {
			if b.store != nil && b.Kept > 0 { // else there was a file, which is gone if the body cannot be used
				b.part = b.store.B[:b.Kept]
			}
			return r.BodyFailed(err)
		}
		if b.File == nil && n+int64(len(piece)) <= limit {
			n += int64(len(r.keepPiece(piece, limit)))
			continue
		}
		if err := r.spill(piece, n); err != nil {
			r.loseBody()
			return StatusInternalServerError
		}
	}
	switch {
	case b.File != nil, r.In.ContentLength < 0:
	case toFile: // also an empty one
		if err := r.spill(nil, n); err != nil {
			r.loseBody()
			return StatusInternalServerError
		}
	case n == 0:
		b.Mem = emptyBody
	default:
		b.Mem = b.store.B[:n]
	}
	return OK
}

// BodyFile is ReadBody for a handler that makes the body a file of its own: it
// is in File, however small, unless the client announced none or it has been read
// before. The handler may rename the file; a file that is left under the old name is
// removed when the request ends.
func (r *Request) BodyFile() Result {
	r.Body.inFile = r.In.ContentLength >= 0 || r.In.Chunked
	return r.ReadBody()
}

// ReadBodyReady takes what has arrived of the request body, as far as it fits
// client_body_buffer_size, without waiting. With BodyDone it is all in
// Body.Mem as after ReadBody; otherwise BodyNext and BodyReady give what
// follows Body.Mem.
func (r *Request) ReadBodyReady() Result {
	b := &r.Body
	if r.bodyLost() {
		return StatusInternalServerError
	}
	if r.parent != nil || b.Read || b.Discarded || b.Started || r.In.ContentLength < 0 && !r.In.Chunked {
		return OK
	}
	if err := r.TestExpect(); err != nil {
		r.Broken(err)
		return Error
	}
	if r.In.ContentLength == 0 {
		b.Started, b.Done = true, true
		b.Mem, b.Read = emptyBody, true
		return OK
	}
	size := max(r.loc.Core.BodyBufferSize, 1)
	if n := r.In.ContentLength; n > 0 {
		size = min(size, n)
	}
	b.store = buf.Sized(int(size))
	n, err := r.BodyReady(b.store.B)
	if err != nil {
		return r.BodyFailed(err)
	}
	b.Mem = b.store.B[:n]
	b.Read, b.streams = b.Done, !b.Done
	return OK
}

// ForgetBody gives up what ReadBodyReady has read of the body: it was passed on.
func (r *Request) ForgetBody() {
	b := &r.Body
	b.Mem = nil
	if b.store != nil {
		b.store.Free()
		b.store = nil
	}
}

// BodyFound is $content_length of a request that announced none: the size of a
// chunked body that was read, or of what has come of one that is being read or
// whose rest did not come. -1 means no value: of a body that has not been read, and
// of one that is passed on unbuffered until it is complete.
func (r *Request) BodyFound() int64 {
	b, flow := &r.main.Body, r.main.Proto.Flow
	switch {
	case b.given:
		return b.had
	case r.In.ContentLength >= 0 || !r.In.Chunked:
		return r.In.ContentLength
	case flow != nil && flow.State().whole.Load():
		return flow.State().Size
	case !b.Started, b.Discarded, b.streams && !b.Done:
		return -1
	}
	return b.Size
}

// Text returns $request_body: the body that is in memory, or what has come of one whose
// rest did not come.
func (b *Body) Text() []byte {
	switch {
	case b.part != nil:
		return b.part
	case b.File != nil, !b.Read && len(b.Mem) == 0:
		return nil
	default:
		return b.Mem
	}
}

// RefuseBody logs why a body cannot be used, and abandons it. more is how many bytes
// would have made it too large.
func (r *Request) RefuseBody(why error, more int64) {
	if errors.Is(why, ErrTooLarge) {
		r.Errorf(nil, "client intended to send too large chunked body: %d+%d bytes", r.Body.Size, more)
		r.Proto.Lingering = true
	} else {
		r.Errorf(nil, "client sent invalid chunked body")
	}
	r.AbandonBody()
}

// loseBody is AbandonBody where nothing was wrong with the body: it could not be stored, or a part of it was passed on already.
func (r *Request) loseBody() {
	r.AbandonBody()
	r.Body.lost = true
}

// bodyLost reports whether a handler that reads the body has to fail. An error page, which is asked for with GET, does without
// one; an application that gets the client's own request in a named location would take it for one that is empty.
func (r *Request) bodyLost() bool { return r.Body.lost && !r.IsGet() }

// AbandonBody drops what was read of a body that cannot be used, and reads no
// more of it: to what answers instead the request has an empty one.
func (r *Request) AbandonBody() {
	b := &r.Body
	had := int64(-1)
	if !b.Discarded {
		had = r.BodyFound()
	}
	b.given, b.had = true, had
	b.dropFile()
	b.Mem, b.Size = nil, 0
	b.Started, b.Done, b.Discarded = true, true, true
	r.In.ContentLength, r.In.Chunked = 0, false
}
