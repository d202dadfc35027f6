package http1

import "github.com/sluiceproxy/sluice/runtime/wire/chunked"

// bodyDecoder finds a request body in the bytes that come from the client.
type bodyDecoder struct {
	dec     chunked.Decoder
	left    int64 // bytes still to come of a counted body
	chunked bool
	done    bool // the body is complete
}

// take decodes what it can of in: a piece of the body, and how many bytes of in it
// has used. Not ok: the body is invalid, and stays so.
func (d *bodyDecoder) take(in []byte) (piece []byte, used int, ok bool) {
	if !d.chunked {
		n := int(min(d.left, int64(len(in))))
		d.left -= int64(n)
		d.done = d.left == 0
		return in[:n], n, true
	}
	piece, used, st := d.dec.Decode(in)
	d.done = st == chunked.Done
	return piece, used, st != chunked.Invalid
}

// excess reports whether a chunked body, of which size bytes came before piece, is too
// large: larger than most (client_max_body_size, 0: any size) with piece, which take has
// returned, and the rest of its chunk, which need not have come. more is how many bytes
// these two have.
func (d *bodyDecoder) excess(piece []byte, size, most int64) (more int64, tooLarge bool) {
	more = int64(len(piece)) + d.dec.Remaining()
	return more, d.chunked && most > 0 && more > most-size
}

// atOnce returns how many bytes may be read into a buffer of size bytes: no more
// than ahead beyond the part of the body whose length is known.
func (d *bodyDecoder) atOnce(size int, ahead int64) int64 {
	need := d.left
	if d.chunked {
		need = d.dec.Need()
	}
	return min(int64(size), max(need, ahead))
}

// begin prepares for a body of that length, or for one in chunks. False: there is none.
func (d *bodyDecoder) begin(length int64, chunked bool) bool {
	d.chunked, d.left, d.done = chunked, max(length, 0), false
	if chunked {
		d.dec.Reset()
		return true
	}
	d.done = d.left == 0
	return !d.done
}

// bodyState is what a connection knows of the body of its request.
type bodyState struct {
	bodyDecoder
	before int64 // $request_length when reading began
}
