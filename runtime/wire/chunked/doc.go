// Package chunked reads and writes the chunked transfer coding (RFC 9112,
// section 7.1) without I/O and without copying: the decoder gives out slices of
// the caller's buffer. It corresponds to ngx_http_parse_chunked() and for the
// framing of nginx's chunked filter, in the strict form of nginx 1.31.5: every
// line of the framing ends with CR LF, a bare LF or a stray CR is an error
// wherever it stands, a size has nothing in front of it, and 2^59 is too large.
//
//	var d chunked.Decoder
//	for {
//		data, n, st := d.Decode(buf)
//		switch st {
//		case chunked.Data:
//			// data is part of the body; d.Remaining() more bytes of this
//			// chunk follow: the place to check client_max_body_size
//		case chunked.More:
//			// buf is used up; d.Need() more bytes at least will come
//		case chunked.Done:
//			// buf[n:] is what follows the body
//		case chunked.Invalid:
//			// 400 for a client, "upstream sent invalid chunked response"
//		}
//		buf = buf[n:]
//	}
//
// The trailer section is skipped, as nginx skips that of a request. With
// KeepTrailer (proxy_pass_trailers) Done comes right behind the last chunk and
// the trailer section is for Trailer to read.
//
// Not supported: meaning in chunk extensions; they are skipped.
package chunked
