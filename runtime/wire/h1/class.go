package h1

// The classes of bytes in a request target. Everything is usual but what has a
// meaning to nginx's parser.
const (
	uriUsual uint8 = iota
	uriSlash
	uriDot
	uriPercent
	uriQuestion
	uriHash
	uriPlus
	uriSpace
	uriCR
	uriLF
	uriBad
)

// uriClass maps a byte of a request target to its class. Never written.
var uriClass = newURIClass()

func newURIClass() (t [256]uint8) {
	for c := range 0x20 {
		t[c] = uriBad
	}
	t[0x7f] = uriBad
	t['\r'] = uriCR
	t['\n'] = uriLF
	t[' '] = uriSpace
	t['/'] = uriSlash
	t['.'] = uriDot
	t['%'] = uriPercent
	t['?'] = uriQuestion
	t['#'] = uriHash
	t['+'] = uriPlus
	return t
}

// The classes of bytes in a header name.
const (
	nameValid      uint8 = iota // letter, digit, '-'
	nameOther                   // refused only by ignore_invalid_headers
	nameUnderscore              // '_', judged by underscores_in_headers
	nameColon
	nameCR
	nameLF
	nameBad // control characters, space, DEL
)

// nameClass maps a byte of a header name to its class. Never written.
var nameClass = newNameClass()

func newNameClass() (t [256]uint8) {
	for c := range t {
		switch b := byte(c); {
		case isAlpha(b) || isDigit(b) || b == '-':
			t[c] = nameValid
		case b <= 0x20 || b == 0x7f:
			t[c] = nameBad
		default:
			t[c] = nameOther
		}
	}
	t['_'] = nameUnderscore
	t[':'] = nameColon
	t['\r'] = nameCR
	t['\n'] = nameLF
	return t
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isAlpha(c byte) bool { return c|0x20-'a' <= 'z'-'a' }

// isSubDelim tells whether c is "-", or an unreserved mark or a sub-delimiter of
// RFC 3986 that nginx allows in host names, the dot not among them.
func isSubDelim(c byte) bool {
	switch c {
	case '-', '_', '~', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=':
		return true
	}
	return false
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case c|0x20-'a' <= 'f'-'a':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// lower returns c with ASCII letters in lower case.
func lower(c byte) byte {
	if c-'A' <= 'Z'-'A' {
		return c | 0x20
	}
	return c
}
