// Package h1 reads the text forms of HTTP/1: request lines, header lines,
// status lines, request targets, host names and the small values inside them.
// It does no I/O, keeps no state between calls and allocates nothing: every
// result is a slice of the bytes handed in, or is appended to a buffer of the
// caller. It corresponds to nginx's ngx_http_parse.c, for the parts of
// ngx_http_request.c that judge single values, and for ngx_parse_time.c. What
// is accepted, what is refused and where a value begins and ends are those of
// nginx 1.31.5; h1test holds the table that was checked against it.
//
// Reading a request:
//
//	var rl h1.RequestLine
//	n, st := h1.ParseRequestLine(buf, &rl)
//	switch st {
//	case h1.OK:
//		buf = buf[n:]
//	case h1.Again:
//		// buf[n:] is the beginning of a line: read more behind it, call again
//	default:
//		// log st.String() ("client sent invalid method"), answer st.Code()
//	}
//	var path h1.Path
//	if rl.NeedsNormalization() {
//		st = h1.NormalizePath(scratch, rl.Target, mergeSlashes, &path)
//	}
//	for {
//		var f h1.HeaderLine
//		n, st = h1.ParseHeaderLine(buf, &f, h1.HeaderOptions{})
//		// OK: one field; Done: the empty line; InvalidHeader: f.Line, f.Bad
//	}
//
// An incomplete line is checked as far as it has arrived: the first byte of a TLS
// ClientHello or a lower-case method is refused at once, without waiting for
// the line feed. A line that is parsed again with more bytes behind it gives
// the same answer as if it had come in one piece.
//
// Not here: limits on sizes and counts, duplicate headers, the choice between
// Content-Length and Transfer-Encoding (package http1), the Range header (package
// ranges), chunked bodies (package chunked), the Win32
// rules for backslashes and streams in paths.
package h1
