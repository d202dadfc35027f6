package chunked

const (
	// CRLF follows the data of every chunk.
	CRLF = "\r\n"
	// LastChunk ends a body without trailers. Behind the last data the two go
	// together: CRLF + LastChunk.
	LastChunk = "0\r\n\r\n"
	// LastChunkOnly is the last chunk's line alone; the trailer fields and an
	// empty line (CRLF) follow it.
	LastChunkOnly = "0\r\n"
	// MaxHeader is the longest line AppendHeader writes.
	MaxHeader = len("7fffffffffffffff\r\n")
)

// AppendHeader appends the line in front of n bytes of data, in nginx's lower
// case. n must not be 0: that line is LastChunkOnly.
func AppendHeader(dst []byte, n int64) []byte {
	shift := 60
	for shift > 0 && n>>shift == 0 {
		shift -= 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[n>>shift&15])
	}
	return append(dst, '\r', '\n')
}

// AppendTrailer appends one trailer field.
func AppendTrailer(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ':', ' ')
	dst = append(dst, value...)
	return append(dst, '\r', '\n')
}
