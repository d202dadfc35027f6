package h1

// RequestLine is a parsed request line. The slices point into the input of
// ParseRequestLine (or ParseTarget) and live as long as it does.
type RequestLine struct {
	// Line is the whole line without its end: $request. After an error it is
	// what PartialLine finds.
	Line []byte
	// Method is the method as sent, $request_method; MethodID is its bit.
	// After an error MethodID is still set if the method was complete, so that
	// HEAD gets no body.
	Method   []byte
	MethodID Method
	// Target is nginx's unparsed URI, $request_uri: the origin form as sent,
	// "/" for an absolute form without a path and for CONNECT, and "?args" for
	// an absolute form with arguments but no path.
	Target []byte
	// Path, Args and Ext are Target's path, the bytes behind the first '?', and
	// the file name extension without its dot. They are final if
	// NeedsNormalization is false; otherwise NormalizePath finds them.
	Path, Args, Ext []byte
	// Schema is the scheme of an absolute form, nil without one.
	Schema []byte
	// Host is the authority of an absolute form or of CONNECT, port included.
	// It is nil without one and empty but not nil for "http:///"; what is not
	// nil goes to ValidateHost.
	Host []byte
	// Protocol is the version as sent with trailing spaces, $server_protocol;
	// nil in HTTP/0.9.
	Protocol []byte
	// Major and Minor are the version, 1.0 after most errors (nginx answers
	// those as HTTP/1.0), 0.9 for a line without a version.
	Major, Minor int
	// Skipped is the length of the empty lines before the line, which nginx does
	// not count in $request_length.
	Skipped int

	HasArgs   bool // there is a '?' in Target, as far as Path is final
	Complex   bool // "//", "/." or '#': the path needs normalising
	Quoted    bool // '%': the path needs decoding
	PlusInURI bool // '+' in the path, kept for rewrite's escaping
	EmptyPath bool // absolute form, '?' right after the host
}

// NeedsNormalization tells whether Path, Args and Ext must come from
// NormalizePath.
func (rl *RequestLine) NeedsNormalization() bool {
	return rl.Complex || rl.Quoted || rl.EmptyPath
}

// HTTP09 tells whether the request has no version and no header section.
func (rl *RequestLine) HTTP09() bool { return rl.Major == 0 }

// Version returns major*1000+minor, nginx's way to compare versions.
func (rl *RequestLine) Version() int { return rl.Major*1000 + rl.Minor }

// ParseRequestLine parses the request line at the beginning of b into rl, which
// it resets. Empty lines before it are skipped.
//
// OK: n bytes are consumed, line feed included. Again: b ends inside the line;
// n bytes are empty lines that can be dropped. Any other status is an error and
// n is the offset of the byte that caused it.
func ParseRequestLine(b []byte, rl *RequestLine) (n int, st Status) {
	*rl = RequestLine{MethodID: Unknown, Major: 1}

	start := 0
	for start < len(b) && (b[start] == '\r' || b[start] == '\n') {
		start++
	}
	rl.Skipped = start

	n, st = parseLine(b, start, rl)
	switch st {
	case OK:
	case Again:
		n = start
	default:
		rl.Line = PartialLine(b[start:])
	}
	return n, st
}

// parseLine parses the line that begins at start.
func parseLine(b []byte, start int, rl *RequestLine) (int, Status) {
	i := start
	for i < len(b) && isMethodByte(b[i]) {
		i++
	}
	if i == len(b) {
		return i, Again
	}
	if b[i] != ' ' || i == start {
		return i, InvalidMethod
	}
	rl.Method = b[start:i]
	rl.MethodID = LookupMethod(rl.Method)

	for i++; i < len(b) && b[i] == ' '; i++ {
	}
	if i == len(b) {
		return i, Again
	}

	var st Status
	switch {
	case rl.MethodID == Connect:
		i, st = parseAuthority(b, i, rl)
	case b[i] == '/':
		i, st = parseURI(b, i, rl)
	case isAlpha(b[i]):
		i, st = parseAbsolute(b, i, rl)
	default:
		return i, InvalidRequest
	}
	if st != OK {
		return i, st
	}
	return parseVersion(b, start, i, rl)
}

// parseURI parses the origin form at start up to the space or line end behind
// it and returns the offset of that.
func parseURI(b []byte, start int, rl *RequestLine) (int, Status) {
	i, st := rl.scanURI(b, start, start+1, afterSlash)
	if st != OK {
		return i, st
	}
	if uriClass[b[i]] == uriBad {
		return i, InvalidRequest
	}
	return i, OK
}

// The states of scanURI.
const (
	afterSlash uint8 = iota // a "/", "." or "%" here asks for normalising
	inSegment
	inRest // behind '?', or behind something that asks for normalising
)

// scanURI scans the target that begins at start from i on, sets the target's
// fields and returns OK with the offset of the first byte that cannot belong to
// a target, or Again with len(b).
func (rl *RequestLine) scanURI(b []byte, start, i int, state uint8) (int, Status) {
	ext, args := -1, -1
	if state == inRest {
		args = start + 1
	}
	st := Again
scan:
	for ; i < len(b); i++ {
		c := uriClass[b[i]]
		if c == uriUsual {
			if state == afterSlash {
				state = inSegment
			}
			continue
		}
		if c >= uriSpace {
			st = OK
			break scan
		}
		if c == uriHash {
			rl.Complex = true
			state = inRest
		}
		if state == inRest {
			continue
		}
		switch c {
		case uriSlash:
			if state == afterSlash {
				rl.Complex = true
				state = inRest
				continue
			}
			ext = -1
			state = afterSlash
		case uriDot:
			if state == afterSlash {
				rl.Complex = true
				state = inRest
				continue
			}
			ext = i + 1
		case uriPercent:
			rl.Quoted = true
			state = inRest
		case uriQuestion:
			args = i + 1
			state = inRest
		case uriPlus:
			rl.PlusInURI = true
		}
	}

	rl.Target = b[start:i]
	rl.Path = rl.Target
	if args >= 0 {
		rl.HasArgs = true
		rl.Args = b[args:i]
		rl.Path = b[start : args-1]
	}
	if ext >= 0 {
		rl.Ext = b[ext : start+len(rl.Path)]
	}
	return i, st
}

// ParseTarget parses a request target that came without a request line: the
// :path of HTTP/2 and HTTP/3, or a URI from a configuration. It sets the same
// fields as ParseRequestLine does for an origin form and leaves the others.
func ParseTarget(target []byte, rl *RequestLine) Status {
	rl.Complex, rl.Quoted, rl.PlusInURI, rl.EmptyPath = false, false, false, false
	rl.HasArgs, rl.Args, rl.Ext = false, nil, nil
	if len(target) == 0 || target[0] != '/' {
		return InvalidRequest
	}
	if _, st := rl.scanURI(target, 0, 1, afterSlash); st == OK {
		return InvalidRequest
	}
	return OK
}

// PartialLine returns b up to the first CR or LF: what $request holds for a
// request whose line could not be parsed.
func PartialLine(b []byte) []byte {
	for i, c := range b {
		if c == '\r' || c == '\n' {
			return b[:i]
		}
	}
	return b
}
