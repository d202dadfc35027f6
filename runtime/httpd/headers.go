package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// HeadersIn are the fields of the request in wire order. Names and values
// point into the connection's buffers and live as long as the request.
type HeadersIn struct {
	List []h1.Field

	first         [h1.NumFields]uint16 // position + 1 of the first field of an id
	ContentLength int64                // -1: none
	Chunked       bool
	Conn          h1.ConnectionType
	UserAgent     agent
}

// agent are the browsers that old work-arounds care about.
type agent uint8

const (
	agentMSIE agent = 1 << iota
	agentMSIE6
	agentOpera
	agentGecko
	agentChrome
	agentSafari
	agentKonqueror
)

// Get returns the value of the first field with the id, nil without one.
func (h *HeadersIn) Get(id h1.FieldID) []byte {
	if i := h.first[id]; i > 0 {
		return h.List[i-1].Value
	}
	return nil
}

// Has reports whether there is a field with the id, empty or not.
func (h *HeadersIn) Has(id h1.FieldID) bool { return h.first[id] > 0 }

// Field returns the first field of an id, which there is.
func (h *HeadersIn) Field(id h1.FieldID) *h1.Field { return &h.List[h.first[id]-1] }

// All calls fn for every field with the id.
func (h *HeadersIn) All(id h1.FieldID, fn func(f *h1.Field)) {
	for i := range h.List {
		if h.List[i].ID == id {
			fn(&h.List[i])
		}
	}
}

// Remove takes out all fields with the id.
func (h *HeadersIn) Remove(id h1.FieldID) {
	if h.first[id] == 0 {
		return
	}
	kept := h.List[:0]
	for _, f := range h.List {
		if f.ID != id {
			kept = append(kept, f)
		}
	}
	h.List = kept
	h.reindex()
}

// Set replaces the fields with the id by one, or adds it.
func (h *HeadersIn) Set(id h1.FieldID, value []byte) {
	h.Remove(id)
	h.Add(h1.Field{Name: []byte(id.String()), Value: value, ID: id})
}

// Add appends a field.
func (h *HeadersIn) Add(f h1.Field) {
	h.List = append(h.List, f)
	if f.ID != 0 && h.first[f.ID] == 0 {
		h.first[f.ID] = uint16(len(h.List))
	}
}

func (h *HeadersIn) reindex() {
	h.first = [h1.NumFields]uint16{}
	for i := range h.List {
		if id := h.List[i].ID; id != 0 && h.first[id] == 0 {
			h.first[id] = uint16(i + 1)
		}
	}
}

func (h *HeadersIn) reset() {
	for i := range h.List {
		if id := h.List[i].ID; id != 0 {
			h.first[id] = 0
		}
	}
	clear(h.List)
	h.List = h.List[:0]
	h.ContentLength = -1
	h.Chunked = false
	h.Conn = 0
	h.UserAgent = 0
}

// Header is one field of a response.
type Header struct {
	Name, Value []byte
	ID          h1.FieldID
	Hidden      bool // not sent: nginx's hash = 0
	Verbatim    bool // a Location that absolute_redirect leaves alone
}

// HeadersOut is a response header before it is sent. The fields with places of
// their own come in nginx's order; List follows them.
type HeadersOut struct {
	Status        int
	StatusLine    []byte // "200 OK" from an upstream; nil: by Status
	ContentType   []byte
	Charset       []byte
	CharsetSet    bool   // ContentType may take "; charset="
	ForcedCharset []byte // the charset an upstream server asks for (X-Accel-Charset), nil: none
	Server, Date  []byte // replace the own ones when not nil; empty: no such line, or one in List
	ContentLength int64  // -1: unknown
	ContentOffset int64  // of the body in what a range was cut from
	LastModified  int64  // Unix seconds, -1: none
	LastModText   []byte // LastModified as it is to be printed, when that is known
	List          []Header
	Trailers      []Header

	LastModListed bool // Last-Modified is in List
	LastModGone   bool // LastModified was taken out, since the status is none that has one
}

// Reset makes the header empty.
func (o *HeadersOut) Reset() {
	list, trailers := o.List[:0], o.Trailers[:0]
	clear(o.List)
	clear(o.Trailers)
	*o = HeadersOut{}
	o.ContentLength, o.LastModified, o.List, o.Trailers = -1, -1, list, trailers
}

// Add appends a field.
func (o *HeadersOut) Add(id h1.FieldID, name, value []byte) *Header {
	o.List = append(o.List, Header{Name: name, Value: value, ID: id})
	return &o.List[len(o.List)-1]
}

// FieldNames are the canonical names by id, as bytes.
var FieldNames = func() (n [h1.NumFields][]byte) {
	for id := range n {
		n[id] = []byte(h1.FieldID(id).String())
	}
	return n
}()

// Set replaces the visible field with the id, or adds it under its usual name.
func (o *HeadersOut) Set(id h1.FieldID, value []byte) {
	if h := o.Find(id); h != nil {
		h.Value = value
		return
	}
	o.Add(id, FieldNames[id], value)
}

// Find returns the first visible field with the id, nil if there is none. The
// pointer is good until the next Add.
func (o *HeadersOut) Find(id h1.FieldID) *Header {
	for i := range o.List {
		if h := &o.List[i]; h.ID == id && !h.Hidden {
			return h
		}
	}
	return nil
}

// Value returns the value of the first visible field with the id.
func (o *HeadersOut) Value(id h1.FieldID) []byte {
	if h := o.Find(id); h != nil {
		return h.Value
	}
	return nil
}

// Remove hides the fields with the id.
func (o *HeadersOut) Remove(id h1.FieldID) {
	for i := range o.List {
		if o.List[i].ID == id {
			o.List[i].Hidden = true
		}
	}
}

// ClearContentLength says that the length is not known (any more).
func (o *HeadersOut) ClearContentLength() { o.ContentLength = -1 }

// ClearLastModified removes Last-Modified.
func (o *HeadersOut) ClearLastModified() {
	o.LastModified, o.LastModText = -1, nil
	if o.LastModListed {
		o.Remove(h1.LastModified)
		o.LastModListed = false
	}
}

// SetLastModified makes value the Last-Modified field, under the given name and
// in its place in List. unix is the time it stands for, -1 for none.
func (o *HeadersOut) SetLastModified(name, value []byte, unix int64) {
	o.LastModified, o.LastModText = unix, nil
	if o.LastModListed {
		h := o.Find(h1.LastModified)
		h.Name, h.Value = name, value
		return
	}
	o.Add(h1.LastModified, name, value)
	o.LastModListed = true
}

// ClearAcceptRanges removes Accept-Ranges and forbids ranges.
func (r *Request) ClearAcceptRanges() {
	r.allowRanges = false
	r.Out.Remove(h1.AcceptRanges)
}

// AllowRanges says that the response may be cut into the ranges the client
// asked for; single restricts that to one range.
func (r *Request) AllowRanges(single bool) { r.allowRanges, r.singleRange = true, single }

// RangesAllowed returns what AllowRanges said.
func (r *Request) RangesAllowed() (allowed, single bool) { return r.allowRanges, r.singleRange }

// WeakenETag turns a strong ETag into a weak one, because a filter changes the
// bytes. An ETag that is not a quoted string is removed.
func (r *Request) WeakenETag() {
	h := r.Out.Find(h1.ETag)
	if h == nil {
		return
	}
	v := h.Value
	switch {
	case len(v) > 2 && v[0] == 'W' && v[1] == '/':
	case len(v) == 0 || v[0] != '"':
		h.Hidden = true
	default:
		h.Value = r.Join([]byte("W/"), v)
	}
}

// GzipVary makes "Vary: Accept-Encoding" part of the response header where
// gzip_vary is on.
func (r *Request) GzipVary(on bool) { r.Proto.GzipVary = on }
