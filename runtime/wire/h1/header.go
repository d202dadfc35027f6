package h1

import (
	"bytes"
	"encoding/binary"
)

// Field is one header field. The slices point into the input of ParseHeaderLine.
type Field struct {
	// Name is the field's name as sent, Value its value without the spaces
	// around it. Tabs are part of the value, as in nginx. A line without a
	// colon is a name with an empty value.
	Name, Value []byte
	// ID is the well-known field of that name, UnknownField otherwise.
	ID FieldID
}

// HeaderLine is one header line: a Field, and what is of use only until the field is taken or refused.
type HeaderLine struct {
	Field
	// Line is what nginx logs of a line it does not like: everything from the
	// name up to the end of the value, or up to the offending byte.
	Line []byte
	// Bad is the byte behind Line, which nginx logs as \x.. ; it has a meaning
	// only with InvalidHeader.
	Bad byte
	// Invalid: the name has a character other than letters, digits, '-' and
	// (with UnderscoresInHeaders) '_'. Such lines are dropped where
	// ignore_invalid_headers is on.
	Invalid bool
}

// HeaderOptions say how names are judged.
type HeaderOptions struct {
	// UnderscoresInHeaders is the directive of that name; nginx sets it for
	// everything that comes from an upstream.
	UnderscoresInHeaders bool
	// Upstream is set for the header of an upstream's response: a repeated
	// status line ("HTTP/1.1 ..."), which some servers send, is skipped.
	Upstream bool
}

// ParseHeaderLine parses the header line at the beginning of b into f, which it
// resets.
//
// OK: one field in n bytes. Done: the empty line, n bytes, ends the section.
// Again: b ends inside the line, n is 0. InvalidHeader: the request is refused
// with 400 and f.Line and f.Bad are what to log; n is the offset of the byte
// that caused it.
func ParseHeaderLine(b []byte, f *HeaderLine, opts HeaderOptions) (n int, st Status) {
	*f = HeaderLine{}
	if len(b) == 0 {
		return 0, Again
	}
	if id, end := knownName(b); id != UnknownField {
		f.Name = b[:end]
		if n, st = f.parseValue(b, 0, end); st == OK {
			f.ID = id
		}
		return n, st
	}
	start := 0
	for {
		switch b[start] {
		case '\r':
			if start+1 == len(b) {
				return 0, Again
			}
			if b[start+1] != '\n' {
				return f.bad(b, start, start, start+1)
			}
			return start + 2, Done
		case '\n':
			return start + 1, Done
		case ':':
			return f.bad(b, start, start, start)
		}

		end, invalid, st := scanName(b, start, opts)
		switch st {
		case OK:
		case Again:
			return 0, Again
		case Done: // a repeated status line
			lf := bytes.IndexByte(b[end:], '\n')
			if lf < 0 || end+lf+1 == len(b) {
				return 0, Again
			}
			start = end + lf + 1
			continue
		default:
			return f.bad(b, start, end, end)
		}

		f.Invalid = invalid
		f.Name = b[start:end]
		if n, st = f.parseValue(b, start, end); st == OK && !invalid {
			f.ID = LookupField(f.Name)
		}
		return n, st
	}
}

// scanName returns the offset of the colon or line end behind the name at i; Done
// stands for a line that is to be skipped.
func scanName(b []byte, start int, opts HeaderOptions) (end int, invalid bool, st Status) {
	for i := start; i < len(b); i++ {
		switch nameClass[b[i]] {
		case nameValid:
		case nameUnderscore:
			if !opts.UnderscoresInHeaders {
				invalid = true
			}
		case nameColon, nameCR, nameLF:
			return i, invalid, OK
		case nameBad:
			return i, invalid, InvalidHeader
		default:
			if opts.Upstream && b[i] == '/' && string(b[start:i]) == "HTTP" {
				return i, false, Done
			}
			invalid = true
		}
	}
	return len(b), invalid, Again
}

// parseValue parses what follows the name that spans start to end.
func (f *HeaderLine) parseValue(b []byte, start, end int) (int, Status) {
	i := end
	if b[i] == ':' {
		for i++; i < len(b) && b[i] == ' '; i++ {
		}
	}
	rest := b[i:]
	lf := bytes.IndexByte(rest, '\n')
	if lf < 0 {
		return f.parseTail(b, start, i)
	}

	v := rest[:lf]
	for len(v) > 0 && v[len(v)-1] == '\r' {
		v = v[:len(v)-1]
	}
	if hasCROrNUL(v) {
		return f.parseTail(b, start, i)
	}
	for len(v) > 0 && v[len(v)-1] == ' ' {
		v = v[:len(v)-1]
	}
	f.Value = v
	f.Line = b[start : i+len(v)]
	return i + lf + 1, OK
}

// hasCROrNUL tells whether v has a byte that cannot stand in a value. It looks at eight at a time, of which the last may be
// some of those before.
func hasCROrNUL(v []byte) bool {
	switch n := len(v); {
	case n > 64:
		return bytes.IndexByte(v, '\r') >= 0 || bytes.IndexByte(v, 0) >= 0
	case n >= 8:
		for i := 0; i+8 < n; i += 8 {
			if crOrNUL(binary.LittleEndian.Uint64(v[i:])) {
				return true
			}
		}
		return crOrNUL(binary.LittleEndian.Uint64(v[n-8:]))
	}
	for _, c := range v {
		if c == '\r' || c == 0 {
			return true
		}
	}
	return false
}

// crOrNUL tells whether one of the eight bytes of w is a CR or NUL.
func crOrNUL(w uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	cr := w ^ '\r'*ones
	return ((w-ones)&^w|(cr-ones)&^cr)&tops != 0
}

// parseTail goes through a value at i that has no end yet, or has a byte in it
// that it must not have, one byte at a time: Again or InvalidHeader.
func (f *HeaderLine) parseTail(b []byte, start, i int) (int, Status) {
	end := i // the end of the value, spaces cut off
	for k := i; k < len(b); k++ {
		switch b[k] {
		case ' ':
			if k > i && b[k-1] != ' ' {
				end = k
			}
		case 0:
			return f.bad(b, start, k, k)
		case '\r':
			if k == i || b[k-1] != ' ' {
				end = k
			}
			for k++; k < len(b) && b[k] == '\r'; k++ {
			}
			if k < len(b) && b[k] != '\n' {
				return f.bad(b, start, end, k)
			}
			return 0, Again
		}
	}
	return 0, Again
}

// bad reports the line that begins at start as invalid: nginx would log it up to
// end, the culprit is at pos.
func (f *HeaderLine) bad(b []byte, start, end, pos int) (int, Status) {
	*f = HeaderLine{Line: b[start:end], Bad: b[end]}
	return pos, InvalidHeader
}
