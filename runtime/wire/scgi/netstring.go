package scgi

import (
	"bytes"
	"strconv"
)

// room is kept for the size of a request and the colon behind it, since most sizes have four digits.
const room = len("1000:")

// Begin appends the beginning of a request with a body of length bytes. at is where the request begins.
func Begin(dst []byte, length int64) (b []byte, at int) {
	at = len(dst)
	b = append(dst, "0000:CONTENT_LENGTH\x00"...)
	b = strconv.AppendInt(b, length, 10)
	return append(b, 0), at
}

// AppendPair appends a header. ok is false for a name or a value with a NUL in it, which would end it: what follows the NUL
// would be another header.
func AppendPair(dst, name, value []byte) (b []byte, ok bool) {
	if bytes.IndexByte(name, 0) >= 0 || bytes.IndexByte(value, 0) >= 0 {
		return dst, false
	}
	dst = append(dst, name...)
	dst = append(dst, 0)
	dst = append(dst, value...)
	return append(dst, 0), true
}

// End completes the request that begins at and ends with b: its size is put in front, and where that does not have four digits,
// all behind it moves.
func End(b []byte, at int) []byte {
	var digits [20]byte
	head := append(strconv.AppendInt(digits[:0], int64(len(b)-at-room), 10), ':')
	b = append(b, ',')
	if grow := len(head) - room; grow > 0 {
		b = append(b, head[:grow]...)
		copy(b[at+len(head):], b[at+room:])
	} else if grow < 0 {
		copy(b[at+len(head):], b[at+room:])
		b = b[:len(b)+grow]
	}
	copy(b[at:], head)
	return b
}

// Parse reads the request at the beginning of b, which is n bytes long; headers are what its netstring contains. more asks for
// more bytes; without it, n of 0 says that this is no request.
func Parse(b []byte) (headers []byte, n int, more bool) {
	size := 0
	for i, c := range b {
		switch {
		case c == ':' && i > 0:
			end := i + 1 + size
			if len(b) <= end {
				return nil, 0, true
			}
			if b[end] != ',' {
				return nil, 0, false
			}
			return b[i+1 : end], end + 1, false
		case c < '0' || c > '9' || i > 6:
			return nil, 0, false
		}
		size = size*10 + int(c-'0')
	}
	return nil, 0, true
}

// Next takes the first header off those that Parse returned. ok is false at their end.
func Next(headers []byte) (name, value, rest []byte, ok bool) {
	name, rest, ok = bytes.Cut(headers, nul)
	if !ok {
		return nil, nil, headers, false
	}
	value, rest, ok = bytes.Cut(rest, nul)
	return name, value, rest, ok
}

var nul = []byte{0}
