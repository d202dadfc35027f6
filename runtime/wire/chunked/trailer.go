package chunked

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// Trailer collects the trailer section behind a body that was decoded with
// KeepTrailer. It gathers the section in a buffer of fixed size, so that the
// fields stay valid while the read buffers are used again, and refuses what
// does not fit: nginx's limit is proxy_buffer_size.
//
//	for {
//		var f h1.HeaderLine
//		switch st := t.Next(&f); st {
//		case h1.OK:
//			// one field; its slices live as long as t's buffer
//		case h1.Done:
//			// complete; t.Unread() of the bytes filled in follow the response
//		case h1.Again:
//			if t.Full() {
//				// "upstream sent too big trailers"
//			}
//			// read more, t.Fill it, go on
//		case h1.InvalidHeader:
//			// "upstream sent invalid trailer: ...", f.Line and f.Bad
//		}
//	}
type Trailer struct {
	buf  []byte
	next int
}

// Reset makes t ready for a section of up to cap(buf) bytes, which it keeps in
// buf.
func (t *Trailer) Reset(buf []byte) { *t = Trailer{buf: buf[:0]} }

// Fill copies as much of in as fits and returns how much that was.
func (t *Trailer) Fill(in []byte) int {
	n := min(len(in), cap(t.buf)-len(t.buf))
	t.buf = append(t.buf, in[:n]...)
	return n
}

// Next parses the next field, with underscores allowed in its name as in
// everything from an upstream.
func (t *Trailer) Next(f *h1.HeaderLine) h1.Status {
	n, st := h1.ParseHeaderLine(t.buf[t.next:], f, h1.HeaderOptions{UnderscoresInHeaders: true, Upstream: true})
	if st == h1.OK || st == h1.Done {
		t.next += n
	}
	return st
}

// Full tells whether the buffer has no more room.
func (t *Trailer) Full() bool { return len(t.buf) == cap(t.buf) }

// Unread returns how many bytes at the end of those filled in have not been
// parsed; after Done they belong to what follows.
func (t *Trailer) Unread() int { return len(t.buf) - t.next }
