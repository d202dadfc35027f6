package h1

// Path is a normalised request target.
type Path struct {
	// Path is the decoded path, $uri. It lives in the buffer given to
	// NormalizePath.
	Path []byte
	// Args are the bytes between the first '?' and the end or a '#', $args.
	// They point into the target and are not decoded.
	Args []byte
	// Ext is the file name extension in Path, without its dot.
	Ext []byte

	HasArgs   bool // there is a '?', perhaps with nothing behind it
	Quoted    bool // there was a %XX
	PlusInURI bool // there was a '+', perhaps as %2B
}

// The states of NormalizePath.
const (
	pathUsual  uint8 = iota
	pathSlash        // behind "/"
	pathDot          // behind "/."
	pathDotDot       // behind "/.."
)

// NormalizePath decodes and resolves target, a request target with its
// arguments, and appends the path to dst[:0]: %XX is decoded once, "/./" and
// "/../" are resolved (also when they came encoded), "//" becomes "/" with
// merge_slashes, a '#' ends the target. An encoded '?', '#' or '%' stays a
// character of the path. A target that begins with '?' stands for "/".
//
// It returns InvalidRequest for %00, for a broken %XX and for "/.." above the
// root. Path is never longer than target, or one byte for "?args", so that a
// dst of that capacity makes no allocation.
func NormalizePath(dst, target []byte, mergeSlashes bool, p *Path) Status {
	*p = Path{}
	dst = dst[:0]
	if len(target) == 0 || target[0] == '?' {
		dst = append(dst, '/')
	}

	state := pathUsual
	ext := -1
	i := 0
loop:
	for i < len(target) {
		c := target[i]
		i++
		if uriClass[c] == uriPercent {
			var ok bool
			if c, ok = decodePair(target[i:]); !ok || c == 0 {
				return InvalidRequest
			}
			i += 2
			p.Quoted = true
			if c == '%' || c == '#' || c == '?' {
				dst = append(dst, c)
				state = pathUsual
				continue
			}
		}

		switch uriClass[c] {
		case uriSlash:
			switch state {
			case pathUsual:
				ext = -1
				dst = append(dst, c)
			case pathSlash:
				if !mergeSlashes {
					dst = append(dst, c)
				}
			case pathDot, pathDotDot:
				var ok bool
				if dst, ok = endDots(dst, state); !ok {
					return InvalidRequest
				}
			}
			state = pathSlash
			continue
		case uriDot:
			switch state {
			case pathUsual:
				ext = len(dst) + 1
			case pathSlash:
				state = pathDot
			case pathDot:
				state = pathDotDot
			case pathDotDot:
				state = pathUsual
			}
			dst = append(dst, c)
			continue
		case uriQuestion:
			p.setArgs(target[i:])
			break loop
		case uriHash:
			break loop
		case uriPlus:
			p.PlusInURI = true
		}
		state = pathUsual
		dst = append(dst, c)
	}

	if state == pathDot || state == pathDotDot {
		var ok bool
		if dst, ok = endDots(dst, state); !ok {
			return InvalidRequest
		}
	}
	p.Path = dst
	if ext >= 0 {
		p.Ext = dst[ext:]
	}
	return OK
}

// setArgs sets the arguments to s, or to what is before a '#' in it.
func (p *Path) setArgs(s []byte) {
	p.HasArgs = true
	p.Args = s
	for i, c := range s {
		if c == '#' {
			p.Args = s[:i]
			return
		}
	}
}

// endDots takes "/." or "/.." off the end of path, which state tells apart, and with "/.." the name before it; it reports false if
// there is nothing above.
func endDots(path []byte, state uint8) ([]byte, bool) {
	if state == pathDot {
		return path[:len(path)-1], true
	}
	return parent(path)
}

// parent cuts "/name/.." at the end of path down to "/"; it reports false if
// there is nothing above.
func parent(path []byte) ([]byte, bool) {
	for i := len(path) - len("/..") - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[:i+1], true
		}
	}
	return path, false
}

// decodePair returns the byte that the two hexadecimal digits at the beginning
// of s stand for.
func decodePair(s []byte) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	hi, ok1 := unhex(s[0])
	lo, ok2 := unhex(s[1])
	return hi<<4 | lo, ok1 && ok2
}

// ParseUnsafeURI judges a URI that did not come from the client's request line
// (X-Accel-Redirect, an SSI include, the Destination of WebDAV) and splits it
// into its path and arguments. Encoded characters are decoded into dst[:0],
// which needs the capacity of uri to make no allocation; without any, path
// points into uri. ok is false for an empty URI, a NUL byte and anything that
// leads upwards ("..", "/../"), encoded or not; nginx logs those as
// unsafe URI "..." was detected.
func ParseUnsafeURI(dst, uri []byte) (path, args []byte, ok bool) {
	if len(uri) == 0 || uri[0] == '?' || startsUpward(uri) {
		return uri, nil, false
	}
	path = uri
	quoted := false
scan:
	for i, c := range uri {
		switch {
		case c == '%':
			quoted = true
		case c == '?':
			path, args = uri[:i], uri[i+1:]
			break scan
		case c == 0 || c == '/' && len(uri)-i > 2 && startsUpward(uri[i+1:]):
			return path, args, false
		}
	}
	if !quoted {
		return path, args, true
	}

	path, _ = UnescapeURI(dst[:0], path, UnescapePlain)
	if startsUpward(path) {
		return path, args, false
	}
	for i, c := range path {
		if c == 0 || c == '/' && len(path)-i > 2 && startsUpward(path[i+1:]) {
			return path, args, false
		}
	}
	return path, args, true
}

// startsUpward tells whether s is ".." or begins with "../".
func startsUpward(s []byte) bool {
	return len(s) >= 2 && s[0] == '.' && s[1] == '.' && (len(s) == 2 || s[2] == '/')
}
