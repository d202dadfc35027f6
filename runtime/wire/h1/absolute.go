package h1

// parseAbsolute parses scheme "://" host [":" port] and the path behind it. It
// returns the offset of the space or line end behind the target.
func parseAbsolute(b []byte, start int, rl *RequestLine) (int, Status) {
	i := start
	for i < len(b) && isSchemeByte(b[i]) {
		i++
	}
	for k := range len("://") {
		if i+k == len(b) {
			return len(b), Again
		}
		if b[i+k] != "://"[k] {
			return i + k, InvalidRequest
		}
	}
	rl.Schema = b[start:i]
	slash := i + 1

	host := slash + 2
	i, st := scanHost(b, host)
	if st != OK {
		return i, st
	}
	if b[i] == ':' {
		for i++; i < len(b) && isDigit(b[i]); i++ {
		}
		if i == len(b) {
			return i, Again
		}
	}
	rl.Host = b[host:i]

	switch b[i] {
	case '/':
		return parseURI(b, i, rl)
	case '?':
		rl.EmptyPath = true
		end, st := rl.scanURI(b, i, i+1, inRest)
		if st == OK && uriClass[b[end]] == uriBad {
			st = InvalidRequest
		}
		return end, st
	case ' ':
		rl.Target = b[slash : slash+1]
		rl.Path = rl.Target
		return i, OK
	}
	return i, InvalidRequest
}

// parseAuthority parses CONNECT's host ":" port and returns the offset of the
// space behind it.
func parseAuthority(b []byte, start int, rl *RequestLine) (int, Status) {
	i, st := scanHost(b, start)
	if st != OK {
		return i, st
	}
	if b[i] != ':' {
		return i, InvalidRequest
	}
	port := i + 1
	for i = port; i < len(b) && isDigit(b[i]); i++ {
	}
	if i == len(b) {
		return i, Again
	}
	if i == port || b[i] != ' ' {
		return i, InvalidRequest
	}
	rl.Host = b[start:i]
	return i, OK
}

// scanHost returns the offset of the first byte behind the host at i: a name of
// letters, digits, dots and hyphens, or an IP literal in brackets.
func scanHost(b []byte, i int) (int, Status) {
	if i == len(b) {
		return i, Again
	}
	if b[i] != '[' {
		for i < len(b) && (isAlpha(b[i]) || isDigit(b[i]) || b[i] == '.' || b[i] == '-') {
			i++
		}
	} else {
		for i++; i < len(b) && b[i] != ']'; i++ {
			if c := b[i]; !isAlpha(c) && !isDigit(c) && c != ':' && c != '.' && !isSubDelim(c) {
				return i, InvalidRequest
			}
		}
		i++
	}
	if i >= len(b) {
		return len(b), Again
	}
	return i, OK
}

func isSchemeByte(c byte) bool {
	return isAlpha(c) || isDigit(c) || c == '+' || c == '-' || c == '.'
}
