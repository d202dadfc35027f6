// Package h2 reads and writes the frames of HTTP/2 (RFC 9113). It does no I/O, and but for errors it allocates nothing. It
// corresponds to the frame states of nginx's ngx_http_v2, whose words the texts of [Error] are. Header blocks are those of
// package hpack.
//
//	f, n, err := h2.Parse(in, h2.DefaultFrameSize) // n is 0 where the frame is not complete
//	switch f.Type {
//	case h2.TypeHeaders:
//		h, err := h2.ParseHeaders(&f)
//		...
//	}
//
//	b = h2.AppendHeader(b, len(block), h2.TypeHeaders, h2.EndHeaders|h2.EndStream, stream)
//	b = append(b, block...)
//
// What only a connection can judge is not judged here: the order of streams and of CONTINUATION frames, windows, and how many
// frames of a kind are too many.
package h2
