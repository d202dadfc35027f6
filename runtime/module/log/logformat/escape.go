package logformat

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// Escape is how values of variables are made harmless in a line.
type Escape uint8

// The ways of log_format's escape parameter.
const (
	Default Escape = iota // bytes outside of printable ASCII, '"' and '\' as \xXX
	JSON                  // as in a JSON string
	None                  // as they are
)

const upperHex = "0123456789ABCDEF"

// unsafe marks the bytes that Default escapes.
var unsafe = func() (t [256]bool) {
	for c := range t {
		t[c] = c < 0x20 || c >= 0x7f || c == '"' || c == '\\'
	}
	return t
}()

// AppendValue appends a variable's value; ok is false when it has none.
func (e Escape) AppendValue(dst, v []byte, ok bool) []byte {
	switch e {
	case JSON:
		return h1.EscapeJSON(dst, v)
	case None:
		return append(dst, v...)
	}
	if !ok {
		return append(dst, '-')
	}
	return appendEscaped(dst, v)
}

// appendEscaped copies the runs between bytes that are to be escaped.
func appendEscaped(dst, v []byte) []byte {
	from := 0
	for i, c := range v {
		if unsafe[c] {
			dst = append(dst, v[from:i]...)
			dst = append(dst, '\\', 'x', upperHex[c>>4], upperHex[c&15])
			from = i + 1
		}
	}
	return append(dst, v[from:]...)
}
