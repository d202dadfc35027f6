package caching

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// RangeTooFar reports whether a Range begins so far behind the beginning of a response that
// the request goes to the upstream server as it is: at *_cache_max_range_offset or behind.
func (s *Settings) RangeTooFar(v []byte) bool {
	limit := s.MaxRangeOffset
	switch {
	case limit < 0:
		return false
	case limit == 0:
		return true
	case len(v) < 7 || !h1.EqualFold(v[:6], "bytes="):
		return false
	}
	v = v[6:]
	for len(v) > 0 && v[0] == ' ' {
		v = v[1:]
	}
	if len(v) > 0 && v[0] == '-' {
		return true
	}
	n := 0
	for n < len(v) && '0' <= v[n] && v[n] <= '9' {
		n++
	}
	offset, ok := parseNumber(v[:n])
	return n > 0 && (!ok || offset >= limit)
}
