package hpack

import "strconv"

// AppendStatus appends the field :status.
func AppendStatus(dst []byte, code int) []byte {
	switch code {
	case 200:
		return append(dst, 0x80|StatusCode)
	case 204, 206:
		return append(dst, 0x80|(StatusCode+byte(code-202)/2))
	case 304:
		return append(dst, 0x80|(StatusCode+3))
	case 400:
		return append(dst, 0x80|(StatusCode+4))
	case 404:
		return append(dst, 0x80|(StatusCode+5))
	case 500:
		return append(dst, 0x80|(StatusCode+6))
	}
	var digits [20]byte
	return AppendIndexedName(dst, StatusCode, strconv.AppendInt(digits[:0], int64(code), 10))
}

// AppendIndexed appends the field that has the place in the static table.
func AppendIndexed(dst []byte, place int) []byte { return appendInteger(dst, 0x80, 7, place) }

// AppendIndexedName appends a field whose name has the place in the static table. The peer adds it to no table.
func AppendIndexedName(dst []byte, place int, value []byte) []byte {
	return appendText(appendInteger(dst, 0, 4, place), value, false)
}

// AppendField appends a field; the name is written in lower case. The peer adds it to no table.
func AppendField(dst, name, value []byte) []byte {
	return appendText(appendText(append(dst, 0), name, true), value, false)
}

// AppendText appends a text as it stands in a field, behind its name.
func AppendText(dst, text []byte) []byte { return appendText(dst, text, false) }

func lowerCase(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// appendText appends a text, as its Huffman code where that is shorter.
func appendText(dst, p []byte, lower bool) []byte {
	if n := encodedLength(p, lower); n < len(p) {
		return appendHuffman(appendInteger(dst, 0x80, 7, n), p, lower)
	}
	dst = append(appendInteger(dst, 0, 7, len(p)), p...)
	if lower {
		for i := len(dst) - len(p); i < len(dst); i++ {
			dst[i] = lowerCase(dst[i])
		}
	}
	return dst
}

// appendInteger appends an integer behind the first bits of a byte, which are those of first.
func appendInteger(dst []byte, first byte, bits uint8, n int) []byte {
	most := 1<<bits - 1
	if n < most {
		return append(dst, first|byte(n))
	}
	dst = append(dst, first|byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		dst = append(dst, 0x80|byte(n))
	}
	return append(dst, byte(n))
}
