package h1

import "math"

// ParseContentLength parses the value of a Content-Length header: decimal digits
// and nothing else, at least one, no more than an int64 holds.
func ParseContentLength(v []byte) (n int64, ok bool) {
	if len(v) == 0 {
		return 0, false
	}
	for _, c := range v {
		d := int64(c - '0')
		if d > 9 || n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// ContainsFold tells whether token occurs anywhere in v, in either case. token
// is in lower case. This, and not a comparison of list elements, is how nginx
// looks at Connection ("close", "keep-alive").
func ContainsFold(v []byte, token string) bool { return IndexFold(v, token) >= 0 }

// IndexFold returns where token begins in v, in either case, -1 for nowhere. token
// is in lower case.
func IndexFold(v []byte, token string) int {
	for at := 0; at+len(token) <= len(v); at++ {
		i := 0
		for i < len(token) && lower(v[at+i]) == token[i] {
			i++
		}
		if i == len(token) {
			return at
		}
	}
	return -1
}

// ConnectionType is what a Connection header asks for.
type ConnectionType uint8

// What ConnectionOption finds.
const (
	ConnectionUnset ConnectionType = iota
	ConnectionClose
	ConnectionKeepAlive
)

// ConnectionOption returns what the value of one Connection header asks for;
// "close" wins. With several lines, the last one that asks for anything counts.
func ConnectionOption(v []byte) ConnectionType {
	switch {
	case ContainsFold(v, "close"):
		return ConnectionClose
	case ContainsFold(v, "keep-alive"):
		return ConnectionKeepAlive
	}
	return ConnectionUnset
}

// HasToken tells whether token, in either case, is an element of the
// comma-separated list v, as nginx looks for TE: trailers and the like.
func HasToken(v []byte, token string) bool {
	for len(v) >= len(token) {
		if rest, ok := cutName(v, token); ok && (len(rest) == 0 || rest[0] == ',') {
			return true
		}
		v = nextElement(v, ',')
	}
	return false
}

// ListValue returns the value of name=value in v, a list separated by sep: ','
// for headers like Cache-Control, ';' for Cookie ($cookie_name, line by line).
// Names are compared without regard to case, spaces around '=' are skipped, the
// value ends at sep. Like nginx it misses the element behind one that is name
// without any value ("name; name=value").
func ListValue(v []byte, name string, sep byte) (value []byte, ok bool) {
	for len(v) >= len(name) && len(v) > 0 {
		rest, ok := cutName(v, name)
		if ok && len(rest) > 0 {
			if rest[0] == '=' {
				return untilByte(skipSpaces(rest[1:]), sep), true
			}
			rest = rest[1:]
		}
		v = nextElement(rest, sep)
	}
	return nil, false
}

// ArgValue returns the value of name=value in the arguments of a URI, $arg_name.
// Names are compared without regard to case; nothing is decoded.
func ArgValue(args []byte, name string) (value []byte, ok bool) {
	for len(args) > len(name) {
		arg := untilByte(args, '&')
		if len(arg) > len(name) && arg[len(name)] == '=' && EqualFold(arg[:len(name)], name) {
			return arg[len(name)+1:], true
		}
		if len(arg) == len(args) {
			break
		}
		args = args[len(arg)+1:]
	}
	return nil, false
}

// untilByte returns v up to the first c.
func untilByte(v []byte, c byte) []byte {
	for i := range v {
		if v[i] == c {
			return v[:i]
		}
	}
	return v
}

// cutName cuts name and the spaces behind it off the beginning of v.
func cutName(v []byte, name string) ([]byte, bool) {
	if len(v) < len(name) || !EqualFold(v[:len(name)], name) {
		return v, false
	}
	return skipSpaces(v[len(name):]), true
}

// nextElement returns what follows the first sep in v and the spaces behind it.
func nextElement(v []byte, sep byte) []byte {
	for i, c := range v {
		if c == sep {
			return skipSpaces(v[i+1:])
		}
	}
	return nil
}

func skipSpaces(v []byte) []byte {
	for len(v) > 0 && v[0] == ' ' {
		v = v[1:]
	}
	return v
}
