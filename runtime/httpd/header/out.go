package header

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// Field is one field of a response.
type Field struct {
	Name, Value []byte
	ID          h1.FieldID
	Hidden      bool // not sent: nginx's hash = 0
	Verbatim    bool // a Location that absolute_redirect leaves alone
}

// Out is the header of a response before it is sent. The fields with places of
// their own come in nginx's order; List follows them.
type Out struct {
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
	List          []Field
	Trailers      []Field

	LastModListed bool // Last-Modified is in List
	LastModGone   bool // LastModified was taken out, since the status is none that has one
}

// Reset makes the header empty.
func (o *Out) Reset() {
	list, trailers := o.List[:0], o.Trailers[:0]
	clear(o.List)
	clear(o.Trailers)
	*o = Out{}
	o.ContentLength, o.LastModified, o.List, o.Trailers = -1, -1, list, trailers
}

// Add appends a field.
func (o *Out) Add(id h1.FieldID, name, value []byte) *Field {
	o.List = append(o.List, Field{Name: name, Value: value, ID: id})
	return &o.List[len(o.List)-1]
}

// Names are the canonical names by id, as bytes.
var Names = func() (n [h1.NumFields][]byte) {
	for id := range n {
		n[id] = []byte(h1.FieldID(id).String())
	}
	return n
}()

// Set replaces the visible field with the id, or adds it under its usual name.
func (o *Out) Set(id h1.FieldID, value []byte) {
	if h := o.Find(id); h != nil {
		h.Value = value
		return
	}
	o.Add(id, Names[id], value)
}

// Find returns the first visible field with the id, nil if there is none. The
// pointer is good until the next Add.
func (o *Out) Find(id h1.FieldID) *Field {
	for i := range o.List {
		if h := &o.List[i]; h.ID == id && !h.Hidden {
			return h
		}
	}
	return nil
}

// Value returns the value of the first visible field with the id.
func (o *Out) Value(id h1.FieldID) []byte {
	if h := o.Find(id); h != nil {
		return h.Value
	}
	return nil
}

// Remove hides the fields with the id.
func (o *Out) Remove(id h1.FieldID) {
	for i := range o.List {
		if o.List[i].ID == id {
			o.List[i].Hidden = true
		}
	}
}

// RemoveLast hides the last visible field with the id.
func (o *Out) RemoveLast(id h1.FieldID) {
	for i := len(o.List) - 1; i >= 0; i-- {
		if h := &o.List[i]; h.ID == id && !h.Hidden {
			h.Hidden = true
			return
		}
	}
}

// ClearContentLength says that the length is not known (any more).
func (o *Out) ClearContentLength() { o.ContentLength = -1 }

// ClearLastModified removes Last-Modified.
func (o *Out) ClearLastModified() {
	o.LastModified, o.LastModText = -1, nil
	if o.LastModListed {
		o.Remove(h1.LastModified)
		o.LastModListed = false
	}
}

// SetLastModified makes value the Last-Modified field, under the given name and
// in its place in List. unix is the time it stands for, -1 for none.
func (o *Out) SetLastModified(name, value []byte, unix int64) {
	o.LastModified, o.LastModText = unix, nil
	if o.LastModListed {
		h := o.Find(h1.LastModified)
		h.Name, h.Value = name, value
		return
	}
	o.Add(h1.LastModified, name, value)
	o.LastModListed = true
}
