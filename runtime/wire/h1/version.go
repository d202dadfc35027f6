package h1

// parseVersion parses what follows the target at i, a space or a line end, and
// finishes the line that began at start.
func parseVersion(b []byte, start, i int, rl *RequestLine) (int, Status) {
	const common = " HTTP/1.x\r\n"
	if len(b)-i >= len(common) && rl.MethodID != Connect {
		switch string(b[i : i+len(common)]) {
		case " HTTP/1.1\r\n":
			rl.Minor = 1
			fallthrough
		case " HTTP/1.0\r\n":
			end := i + len(common) - len("\r\n")
			rl.Protocol = b[i+1 : end]
			rl.Line = b[start:end]
			return i + len(common), OK
		}
	}

	for i < len(b) && b[i] == ' ' {
		i++
	}
	if i == len(b) {
		return i, Again
	}

	protocol := i
	major, minor := 0, 9
	if b[i] != '\r' && b[i] != '\n' {
		var st Status
		if b[i] == 'H' {
			rl.Protocol = b[i:i] // of a line that breaks off behind this it is known, and empty
		}
		if i, major, minor, st = parseProtocol(b, i, rl); st != OK {
			return i, st
		}
		for i < len(b) && b[i] == ' ' {
			i++
		}
		if i == len(b) {
			return i, Again
		}
	}

	end := i
	if b[i] == '\r' {
		if i++; i == len(b) {
			return i, Again
		}
	}
	if b[i] != '\n' {
		return i, InvalidRequest
	}

	rl.Line = b[start:end]
	rl.Major, rl.Minor = major, minor
	if major == 0 {
		if rl.MethodID != Get {
			return i, Invalid09Method
		}
		return i + 1, OK
	}
	rl.Protocol = b[protocol:end]
	return i + 1, OK
}

// parseProtocol parses "HTTP/" digits "." digits and returns the offset of the
// first byte behind it, which is in b.
func parseProtocol(b []byte, i int, rl *RequestLine) (next, major, minor int, st Status) {
	const prefix = "HTTP/"
	for k := range len(prefix) {
		if i == len(b) {
			return i, 0, 0, Again
		}
		if b[i] != prefix[k] {
			return i, 0, 0, InvalidRequest
		}
		i++
	}
	if rl.MethodID == Connect {
		// nginx's URI of a CONNECT request is this slash
		rl.Target = b[i-1 : i]
		rl.Path = rl.Target
	}

	for first := true; ; first = false {
		if i == len(b) {
			return i, 0, 0, Again
		}
		c := b[i]
		if c == '.' && !first {
			break
		}
		if !isDigit(c) || first && c == '0' {
			return i, 0, 0, InvalidRequest
		}
		if major = major*10 + int(c-'0'); major > 1 {
			return i, 0, 0, InvalidVersion
		}
		i++
	}

	for first := true; ; first = false {
		if i++; i == len(b) {
			return i, 0, 0, Again
		}
		c := b[i]
		if !isDigit(c) {
			if first || c != ' ' && c != '\r' && c != '\n' {
				return i, 0, 0, InvalidRequest
			}
			return i, major, minor, OK
		}
		if minor > 99 {
			return i, 0, 0, InvalidRequest
		}
		minor = minor*10 + int(c-'0')
	}
}
