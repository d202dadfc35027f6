package pass

import (
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Codec is a protocol between the server and its peers: http, fastcgi and so
// on. It belongs to one Exchange and reads and writes memory alone.
type Codec interface {
	// AppendRequest appends all that is sent before the request body. The
	// exchange's URI is to be set to its place in dst with SetURI.
	AppendRequest(x *Exchange, dst []byte) ([]byte, error)
	// Reset prepares for a response, of the first attempt or of another one.
	Reset(x *Exchange)
	// ParseHeader reads in, bytes of the response header that it has not
	// consumed before, and returns how many it consumes now. Fields are handed
	// to x.Response. With HeaderUnused the exchange takes what was consumed out of
	// its buffer, moves the rest to the beginning and calls again: for the rest, or
	// with more behind it where nothing was consumed. Fields must not be known yet.
	ParseHeader(x *Exchange, in []byte) (n int, v Verdict)
	// BeginBody is called when the response header is complete. It sets
	// x.Length.
	BeginBody(x *Exchange)
	// Body decodes in, bytes that follow the header, and returns bytes of the
	// body, which are part of in, and how many of in are consumed.
	Body(x *Exchange, in []byte) (data []byte, n int, st BodyStatus)
	// Release gives the codec and the exchange in it back.
	Release(x *Exchange)
}

// Opener is a codec of a protocol that keeps something with a connection from one exchange to the next.
type Opener interface {
	// Open is called when there is a connection, before anything is sent on it. kept is what the exchange before has left
	// there, nil on a new connection. head is the request's head, which Open may change in place; the first skip bytes of it
	// are not sent. keep stays with the connection.
	Open(x *Exchange, kept any, head []byte) (keep any, skip int)
}

// Verdict is a codec's result for a response header.
type Verdict uint8

// The verdicts.
const (
	HeaderMore    Verdict = iota // incomplete
	HeaderUnused                 // the same, and nothing of what was consumed is part of the header: see ParseHeader
	HeaderDone                   // complete
	HeaderEarly                  // a 103 response is complete, the real one follows
	HeaderInvalid                // another peer may be asked; the reason is logged
	HeaderStray                  // this does not answer the request: the kept connection was not clean
)

// BodyStatus is a codec's result for a piece of the body.
type BodyStatus uint8

// The states of a body.
const (
	BodyMore   BodyStatus = iota // the input is used up
	BodyData                     // there are bytes, and input may be left
	BodyDone                     // the body is complete, with the bytes returned
	BodyBroken                   // the rest is unusable; the reason is logged, and what was not sent yet is dropped
	BodyCut                      // nothing more is to come although the body is not complete; the reason is logged
)

// Fail is a set of reasons to ask another peer: the words of *_next_upstream.
type Fail uint32

// The reasons.
const (
	FailError Fail = 1 << iota
	FailTimeout
	FailInvalidHeader
	Fail500
	Fail502
	Fail503
	Fail504
	Fail403
	Fail404
	Fail429
	FailUpdating // of caches, without effect
	FailNonIdempotent
	FailOff
	failNoLive
)

// Field is one field of a response.
type Field struct {
	Name, Value []byte
	ID          h1.FieldID
	Ignored     bool // a duplicate of what may come once, or not to be stored, see strip
}

// Response is a response header as a peer sent it. Its bytes are in the
// exchange's buffer and live as long as the request.
type Response struct {
	Status        int
	Line          []byte // "200 OK", nil by the status
	Fields        []Field
	Trailers      []Field
	ContentLength int64 // -1: none
	Chunked       bool
	Close         bool // the peer will close the connection
	Bare          bool // without Server or Date in it, the client gets none either

	first [h1.NumFields]uint16 // position + 1 of the first field of an id
}

func (p *Response) reset() {
	for i := range p.Fields {
		p.first[p.Fields[i].ID] = 0
	}
	clear(p.Fields)
	clear(p.Trailers)
	p.Fields, p.Trailers = p.Fields[:0], p.Trailers[:0]
	p.Status, p.Line, p.ContentLength = 0, nil, -1
	p.Chunked, p.Close, p.Bare = false, false, false
}

// Get returns the first field with the id, nil without one.
func (p *Response) Get(id h1.FieldID) *Field {
	if i := p.first[id]; i > 0 {
		return &p.Fields[i-1]
	}
	return nil
}

// Has reports whether there is a field with the id.
func (p *Response) Has(id h1.FieldID) bool { return p.first[id] > 0 }
