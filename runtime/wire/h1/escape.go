package h1

import "strings"

// EscapeKind chooses which bytes EscapeURI writes as %XX.
type EscapeKind uint8

const (
	// ForURI escapes a path ($uri in redirects and proxied requests): control and non-ASCII bytes, space, '"',
	// '#', '%', '<', '>', '?', '\', '^', '`', '{', '|', '}'.
	ForURI EscapeKind = iota
	// ForArgs escapes also '&', '+' and ';': for a value in arguments.
	ForArgs
	// ForComponent leaves only letters, digits, '-', '.', '_' and '~'.
	ForComponent
	// ForHTML escapes a link in HTML: as a path, '\'' too, but not '?'.
	ForHTML
	// ForRefresh escapes a URL inside HTML: control and non-ASCII bytes, space,
	// '"', '\'', '<', '>', '\', '^', '`', '{', '|' and '~', but not '}'.
	ForRefresh
	// ForMemcached escapes control bytes, space and '%', for keys.
	ForMemcached
	// ForXtext is the xtext of RFC 3461, "+XX" instead of "%XX".
	ForXtext
)

// escapeSets holds, for each kind, a bit per byte that is to be escaped, 32 to a
// word. Never written.
var escapeSets = [...][8]uint32{
	ForURI:       newEscapeSet("\"<>\\^`{|}#%? ", true),
	ForArgs:      newEscapeSet("\"<>\\^`{|}#%? &+;", true),
	ForComponent: newComponentSet(),
	ForHTML:      newEscapeSet("\"<>\\^`{|}#% '", true),
	ForRefresh:   newEscapeSet("\"<>\\^`{|~ '", true),
	ForMemcached: newEscapeSet(" %", false),
	ForXtext:     newEscapeSet(" +=", true),
}

// newEscapeSet is chars and the control characters, with DEL and all non-ASCII
// bytes if high is set.
func newEscapeSet(chars string, high bool) (set [8]uint32) {
	set[0] = 1<<32 - 1
	for _, c := range []byte(chars) {
		set[c>>5] |= 1 << (c & 31)
	}
	if high {
		set[3] |= 1 << 31
		for w := 4; w < 8; w++ {
			set[w] = 1<<32 - 1
		}
	}
	return set
}

func newComponentSet() (set [8]uint32) {
	for c := range 256 {
		switch b := byte(c); {
		case isAlpha(b), isDigit(b), b == '-', b == '.', b == '_', b == '~':
		default:
			set[c>>5] |= 1 << (c & 31)
		}
	}
	return set
}

const upperHex = "0123456789ABCDEF"

// EscapeURI appends src to dst with the bytes of kind escaped.
func EscapeURI(dst, src []byte, kind EscapeKind) []byte {
	set := &escapeSets[kind]
	prefix := byte('%')
	if kind == ForXtext {
		prefix = '+'
	}
	for _, c := range src {
		if set[c>>5]&(1<<(c&31)) != 0 {
			dst = append(dst, prefix, upperHex[c>>4], upperHex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// CountEscapes returns how many bytes of src EscapeURI would escape, two bytes
// of growth each.
func CountEscapes(src []byte, kind EscapeKind) (n int) {
	set := &escapeSets[kind]
	for _, c := range src {
		if set[c>>5]&(1<<(c&31)) != 0 {
			n++
		}
	}
	return n
}

// UnescapeKind chooses how UnescapeURI treats '?'.
type UnescapeKind uint8

const (
	// UnescapePlain decodes everything.
	UnescapePlain UnescapeKind = iota
	// UnescapePath decodes up to a '?', which ends the output, encoded or not.
	UnescapePath
	// UnescapeRedirect is UnescapePath, but leaves control characters, space,
	// '%' and the like, and non-ASCII bytes encoded.
	UnescapeRedirect
)

// UnescapeURI appends src to dst with %XX decoded and returns the result and the
// number of bytes it read; that is less than len(src) where a '?' ended it.
// Broken escapes lose their '%', as in nginx. dst may be src[:0].
func UnescapeURI(dst, src []byte, kind UnescapeKind) (out []byte, n int) {
	for i := 0; i < len(src); i++ {
		c := src[i]
		if c != '%' {
			dst = append(dst, c)
			if c == '?' && kind != UnescapePlain {
				return dst, i + 1
			}
			continue
		}
		if i++; i == len(src) {
			break
		}
		hi, ok := unhex(src[i])
		if !ok {
			dst = append(dst, src[i])
			continue
		}
		if i++; i == len(src) {
			break
		}
		lo, ok := unhex(src[i])
		if !ok {
			continue
		}
		c = hi<<4 | lo
		switch {
		case c == '?' && kind != UnescapePlain:
			return append(dst, c), i + 1
		case kind == UnescapeRedirect && (c <= '%' || c >= 0x7f):
			dst = append(dst, '%', src[i-1], src[i])
		default:
			dst = append(dst, c)
		}
	}
	return dst, len(src)
}

// EscapeHTML appends src to dst with '<', '>', '&' and '"' as entities.
func EscapeHTML(dst, src []byte) []byte {
	for _, c := range src {
		switch c {
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '&':
			dst = append(dst, "&amp;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// EscapeJSON appends src to dst as the inside of a JSON string. Bytes above
// ASCII are copied.
func EscapeJSON(dst, src []byte) []byte {
	const short = "\n\r\t\b\f"
	for _, c := range src {
		switch {
		case c == '\\' || c == '"':
			dst = append(dst, '\\', c)
		case c > 0x1f:
			dst = append(dst, c)
		default:
			if i := strings.IndexByte(short, c); i >= 0 {
				dst = append(dst, '\\', "nrtbf"[i])
			} else {
				dst = append(dst, '\\', 'u', '0', '0', '0'+c>>4, upperHex[c&15])
			}
		}
	}
	return dst
}
