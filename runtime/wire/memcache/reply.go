package memcache

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// AppendGet appends the command that looks key up. Bytes that would end the key are escaped as %XX: controls, space and '%'.
// Where in the result the key is: behind "get ", up to the line end of two bytes.
func AppendGet(dst, key []byte) []byte {
	dst = append(dst, "get "...)
	dst = h1.EscapeURI(dst, key, h1.ForMemcached)
	return append(dst, '\r', '\n')
}

// Status is what a parser found.
type Status uint8

// The results of ParseReply.
const (
	// Again: the line is not complete.
	Again Status = iota
	// Found: the value follows.
	Found
	// Missing: there is no value with that key.
	Missing
	// BadReply: the line is neither a value nor the end of an answer without one, as an ERROR is.
	BadReply
	// BadKey: a value of another key.
	BadKey
	// BadFlags: the value's flags are no number.
	BadFlags
	// BadLength: the value's length is none.
	BadLength
)

// Reply is the first line of an answer. Line points into the input.
type Reply struct {
	Line   []byte // without its line end, for the log
	Flags  uint64 // of a value, see ParseReply
	Length int64  // of a value
}

const (
	valuePrefix = "VALUE "
	noValue     = "END"
)

// ParseReply parses the line at the beginning of b, the answer to a get of key, which is escaped as in the command. n is the
// length of the line, for Found and Missing; else 0. Flags are read only where flags is set: nginx asks for no number where it
// has no use for them.
func ParseReply(b, key []byte, flags bool, r *Reply) (n int, st Status) {
	*r = Reply{}
	lf := bytes.IndexByte(b, '\n')
	if lf < 0 {
		return 0, Again
	}
	r.Line = b[:lf]
	line, ok := bytes.CutSuffix(r.Line, cr)
	if !ok {
		return 0, BadReply
	}
	r.Line = line
	rest, ok := bytes.CutPrefix(line, []byte(valuePrefix))
	switch {
	case ok:
	case string(line) == noValue:
		return lf + 1, Missing
	default:
		return 0, BadReply
	}
	if rest, ok = bytes.CutPrefix(rest, key); !ok {
		return 0, BadKey
	}
	if st = r.parseNumbers(rest, flags); st != Found {
		return 0, st
	}
	return lf + 1, Found
}

var cr = []byte{'\r'}

// parseNumbers parses " flags length", what follows the key.
func (r *Reply) parseNumbers(b []byte, flags bool) Status {
	if len(b) == 0 || b[0] != ' ' {
		return BadReply
	}
	b = b[1:]
	sp := bytes.IndexByte(b, ' ')
	if sp < 0 || bytes.IndexByte(b[:sp], 0) >= 0 {
		return BadReply
	}
	if flags {
		n, ok := h1.ParseContentLength(b[:sp])
		if !ok {
			return BadFlags
		}
		r.Flags = uint64(n)
	}
	n, ok := h1.ParseContentLength(b[sp+1:])
	if !ok {
		return BadLength
	}
	r.Length = n
	return Found
}
