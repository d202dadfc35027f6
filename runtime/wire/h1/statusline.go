package h1

// StatusLine is the first line of an upstream's response. Text points into the
// input.
type StatusLine struct {
	// Text is everything from the code to the end of the line, as it is passed
	// on to the client: "200 OK". It ends at the first CR.
	Text []byte
	// Code is the three-digit code, 0 to 999.
	Code int
	// Major and Minor are the version as sent.
	Major, Minor int
}

// Version returns major*1000+minor.
func (sl *StatusLine) Version() int { return sl.Major*1000 + sl.Minor }

// ParseStatusLine parses the status line at the beginning of b into sl, which it
// resets. OK: n bytes, line feed included. Again: b ends inside the line.
// InvalidStatusLine: b is no HTTP response, n is the offset of the byte that
// shows it; nginx's proxy logs the status's text and takes everything from b[0]
// on as the body of an HTTP/0.9 response.
func ParseStatusLine(b []byte, sl *StatusLine) (n int, st Status) {
	*sl = StatusLine{}
	const prefix = "HTTP/"
	i := 0
	for ; i < len(prefix); i++ {
		if i == len(b) {
			return 0, Again
		}
		if b[i] != prefix[i] {
			return i, InvalidStatusLine
		}
	}

	if i, st = scanVersion(b, i, '.', &sl.Major); st != OK {
		return i, st
	}
	if i, st = scanVersion(b, i, ' ', &sl.Minor); st != OK {
		return i, st
	}

	for digits := 0; digits < 3; i++ {
		switch {
		case i == len(b):
			return 0, Again
		case b[i] == ' ':
			// nginx skips spaces in front of every digit
		case isDigit(b[i]):
			sl.Code = sl.Code*10 + int(b[i]-'0')
			digits++
		default:
			return i, InvalidStatusLine
		}
	}
	start := i - 3

	if i == len(b) {
		return 0, Again
	}
	switch b[i] {
	case ' ', '.', '\r', '\n': // IIS sends 403.1 and the like
	default:
		return i, InvalidStatusLine
	}
	for i < len(b) && b[i] != '\r' && b[i] != '\n' {
		i++
	}
	end := i
	if i < len(b) && b[i] == '\r' {
		i++
	}
	if i == len(b) {
		return 0, Again
	}
	if b[i] != '\n' {
		return i, InvalidStatusLine
	}
	sl.Text = b[start:end]
	return i + 1, OK
}

// scanVersion parses digits up to sep into v and returns the offset behind sep.
// The major version must not begin with 0.
func scanVersion(b []byte, i int, sep byte, v *int) (int, Status) {
	for first := true; ; first = false {
		if i == len(b) {
			return 0, Again
		}
		c := b[i]
		if c == sep && !first {
			return i + 1, OK
		}
		if !isDigit(c) || *v > 99 || first && c == '0' && sep == '.' {
			return i, InvalidStatusLine
		}
		*v = *v*10 + int(c-'0')
		i++
	}
}
