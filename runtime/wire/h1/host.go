package h1

// ValidateHost checks the value of a Host header, of the host in a request line
// or of :authority, and splits it: host is in lower case, without the port and
// without one trailing dot; port is 0 without a port. IP literals keep their
// brackets. host points into value, or into dst[:0] if value has upper-case
// letters.
//
// ok is false for an empty host, two dots in a row, an unclosed bracket, a port
// above 65535 and for every byte that RFC 3986 does not allow in a host: slash,
// backslash, space, '@', '#', '?', control and non-ASCII bytes among them.
// nginx then answers 400 and logs "client sent invalid host header".
func ValidateHost(dst, value []byte) (host []byte, port int, ok bool) {
	end, upper, ok := hostEnd(value)
	if !ok {
		return nil, 0, false
	}
	host = value[:end]
	if end < len(value) {
		for _, c := range value[end+1:] {
			if !isDigit(c) {
				return nil, 0, false
			}
			if port = port*10 + int(c-'0'); port > 65535 {
				return nil, 0, false
			}
		}
	}
	if end > 0 && host[end-1] == '.' {
		host = host[:end-1]
	}
	if len(host) == 0 {
		return nil, 0, false
	}
	if upper {
		dst = dst[:0]
		for _, c := range host {
			dst = append(dst, lower(c))
		}
		host = dst
	}
	return host, port, true
}

// hostEnd returns the length of the host in value, which is followed by ':' or
// by nothing, and whether it has upper-case letters.
func hostEnd(value []byte) (end int, upper, ok bool) {
	literal := len(value) > 0 && value[0] == '['
	i := 0
	if literal {
		i++
	}
	for ; i < len(value); i++ {
		c := value[i]
		switch {
		case c-'a' <= 'z'-'a' || isDigit(c) || isSubDelim(c):
		case c-'A' <= 'Z'-'A':
			upper = true
		case c == '.':
			if i > 0 && value[i-1] == '.' {
				return 0, false, false
			}
		case c == ':':
			if !literal {
				return i, upper, true
			}
		case c == ']' && literal:
			end = i + 1
			return end, upper, end == len(value) || value[end] == ':'
		case c == '%' && !literal:
		default:
			return 0, false, false
		}
	}
	return i, upper, !literal
}
