package header

import (
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// In is the header of a request: its fields in wire order. Names and values
// point into the connection's buffers and live as long as the request.
type In struct {
	List []h1.Field

	first         [h1.NumFields]uint16 // position + 1 of the first field of an id
	ContentLength int64                // -1: none
	Chunked       bool
	Conn          h1.ConnectionType
	UserAgent     Agent
}

// Get returns the value of the first field with the id, nil without one.
func (h *In) Get(id h1.FieldID) []byte {
	if i := h.first[id]; i > 0 {
		return h.List[i-1].Value
	}
	return nil
}

// Has reports whether there is a field with the id, empty or not.
func (h *In) Has(id h1.FieldID) bool { return h.first[id] > 0 }

// Field returns the first field of an id, which there is.
func (h *In) Field(id h1.FieldID) *h1.Field { return &h.List[h.first[id]-1] }

// All calls fn for every field with the id.
func (h *In) All(id h1.FieldID, fn func(f *h1.Field)) {
	for i := range h.List {
		if h.List[i].ID == id {
			fn(&h.List[i])
		}
	}
}

// Remove takes out all fields with the id.
func (h *In) Remove(id h1.FieldID) {
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
func (h *In) Set(id h1.FieldID, value []byte) {
	h.Remove(id)
	h.Add(h1.Field{Name: []byte(id.String()), Value: value, ID: id})
}

// Add appends a field.
func (h *In) Add(f h1.Field) {
	h.List = append(h.List, f)
	if f.ID != 0 && h.first[f.ID] == 0 {
		h.first[f.ID] = uint16(len(h.List))
	}
}

func (h *In) reindex() {
	h.first = [h1.NumFields]uint16{}
	for i := range h.List {
		if id := h.List[i].ID; id != 0 && h.first[id] == 0 {
			h.first[id] = uint16(i + 1)
		}
	}
}

// Reset makes the header empty.
func (h *In) Reset() {
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

// Copy makes h, which is empty, the header of a subrequest of from's request.
func (h *In) Copy(from *In) {
	h.List = append(h.List, from.List...)
	h.first, h.UserAgent, h.Conn = from.first, from.UserAgent, from.Conn
	h.ContentLength, h.Chunked = from.ContentLength, from.Chunked
}
