package ranges

import "math"

// span is a range of a body: bytes start up to, but without, end.
type span struct{ start, end int64 }

// verdict is what the ranges of a request amount to.
type verdict uint8

const (
	satisfiable   verdict = iota
	ignored               // the whole body is sent instead
	unsatisfiable         // 416
)

// noLimit is max_ranges where it is not set.
const noLimit = -1

// scanner reads the characters of a Range header; behind the end there are
// zeros.
type scanner struct {
	s []byte
	i int
}

func (p *scanner) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *scanner) spaces() {
	for p.peek() == ' ' {
		p.i++
	}
}

// number reads digits; there has to be one, and the number must fit.
func (p *scanner) number() (n int64, ok bool) {
	if c := p.peek(); c < '0' || c > '9' {
		return 0, false
	}
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		d := int64(c - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
		p.i++
	}
	return n, true
}

// parse reads the set behind "bytes=" for a body of length bytes and appends
// the spans to dst. At most limit of them are allowed.
func parse(dst []span, set []byte, length int64, limit int) ([]span, verdict) {
	p := scanner{s: set}
	size := int64(0)
	for {
		s, ok := p.one(length)
		if !ok {
			return dst, unsatisfiable
		}
		switch {
		case s.start < s.end:
			dst = append(dst, s)
			if size > math.MaxInt64-(s.end-s.start) {
				return dst, unsatisfiable
			}
			size += s.end - s.start
			if limit >= 0 && len(dst) > limit {
				return dst, ignored
			}
		case s.start == 0:
			return dst, ignored
		}
		if p.peek() != ',' {
			break
		}
		p.i++
	}
	switch {
	case len(dst) == 0:
		return dst, unsatisfiable
	case len(dst) == 1:
		return dst, satisfiable
	case size > length, limit < 0 && size+256*int64(len(dst)) > length+4096:
		return dst, ignored
	}
	return dst, satisfiable
}

// one reads one range: "5-9", "5-", "-5". A range that begins behind the end of
// the body is empty.
func (p *scanner) one(length int64) (s span, ok bool) {
	p.spaces()
	suffix := p.peek() == '-'
	if !suffix {
		if s.start, ok = p.number(); !ok {
			return s, false
		}
		p.spaces()
		if p.peek() != '-' {
			return s, false
		}
		p.i++
		p.spaces()
		if c := p.peek(); c == ',' || c == 0 {
			s.end = length
			return s, true
		}
	} else {
		p.i++
	}
	n, ok := p.number()
	if !ok {
		return s, false
	}
	p.spaces()
	if c := p.peek(); c != ',' && c != 0 {
		return s, false
	}
	if suffix {
		s.start = max(length-n, 0)
		n = length - 1
	}
	s.end = length
	if n < length {
		s.end = n + 1
	}
	return s, true
}
