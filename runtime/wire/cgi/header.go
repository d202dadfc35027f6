package cgi

import (
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Header reads one response header. Reset comes first.
type Header struct {
	// Code and Line are what a status line said: 404, "404 Not Found". Code is 0 without one, Line is a slice of the input.
	Code int
	Line []byte

	first bool // a status line may come next
}

// Reset prepares for a response. statusLine says that it may begin with a status line.
func (h *Header) Reset(statusLine bool) { *h = Header{first: statusLine} }

// options are how nginx judges the fields of an upstream's response.
var options = h1.HeaderOptions{UnderscoresInHeaders: true, Upstream: true}

// Next reads the next line of b. OK: a field is in f, which n bytes end. Done: the header is complete with n bytes. Again: b[n:]
// is the beginning of a line. InvalidHeader: f.Line and f.Bad tell why. A first line that is no status line is a field.
func (h *Header) Next(b []byte, f *h1.HeaderLine) (n int, st h1.Status) {
	if h.first {
		var line h1.StatusLine
		used, st := h1.ParseStatusLine(b, &line)
		switch st {
		case h1.Again:
			return 0, h1.Again
		case h1.OK:
			h.Code, h.Line, n = line.Code, line.Text, used
		}
		h.first = false
	}
	used, st := h1.ParseHeaderLine(b[n:], f, options)
	return n + used, st
}

// The codes of a response that names none.
var (
	lineOK    = []byte("200 OK")
	lineMoved = []byte("302 Moved Temporarily")
)

// Status returns the code of a complete header and, unless it is nil, the text for the client's status line. status is the
// value of the field Status, nil without one; location says that there is a field Location. A status line comes before
// both. ok is false for a Status that does not begin with three digits.
func (h *Header) Status(status []byte, location bool) (code int, line []byte, ok bool) {
	switch {
	case h.Code != 0:
		return h.Code, h.Line, true
	case status != nil:
		if code, ok = three(status); ok && len(status) > 3 {
			line = status
		}
		return code, line, ok
	case location:
		return 302, lineMoved, true
	}
	return 200, lineOK, true
}

// three returns the number that the first three bytes of v are.
func three(v []byte) (n int, ok bool) {
	if len(v) < 3 {
		return 0, false
	}
	for _, c := range v[:3] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
