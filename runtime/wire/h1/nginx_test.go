package h1_test

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/h1/h1test"
)

// TestNginx runs the table of nginx's answers through the parsers, with what the
// engine decides from them done in the plainest way.
func TestNginx(t *testing.T) {
	cases, err := h1test.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if strings.HasPrefix(c.Name, "chunked/") {
			continue // package chunked
		}
		t.Run(c.Name, func(t *testing.T) {
			var m message
			status := m.parse([]byte(c.Input))
			if status != c.Status || status != 0 && m.rl.HTTP09() != c.Bare {
				t.Fatalf("%q: status %d, bare %v, want %d, %v", c.Input, status, m.rl.HTTP09(), c.Status, c.Bare)
			}
			if c.Values == nil {
				return
			}
			if got := m.values(); got != *c.Values {
				t.Errorf("%q:\n got %+v\nwant %+v", c.Input, got, *c.Values)
			}
		})
	}
}

// message is a request as the engine would hold it.
type message struct {
	rl     h1.RequestLine
	path   h1.Path
	host   []byte
	length int
	xTest  []string

	count         [h1.NumFields]int
	contentLength []byte
	encoding      []byte
}

func (m *message) values() h1test.Values {
	return h1test.Values{
		Method:     string(m.rl.Method),
		RequestURI: string(m.rl.Target),
		URI:        string(m.path.Path),
		Args:       string(m.path.Args),
		Host:       string(m.host),
		Protocol:   string(m.rl.Protocol),
		XTest:      strings.Join(m.xTest, ", "),
		Length:     m.length,
	}
}

// parse returns the status of the response, 0 for an incomplete request.
func (m *message) parse(b []byte) int {
	n, st := h1.ParseRequestLine(b, &m.rl)
	if st != h1.OK {
		return st.Code()
	}
	b = b[n:]
	m.length = n - m.rl.Skipped

	m.path = h1.Path{Path: m.rl.Path, Args: m.rl.Args, Ext: m.rl.Ext}
	if m.rl.NeedsNormalization() {
		if st := h1.NormalizePath(nil, m.rl.Target, true, &m.path); st != h1.OK {
			return st.Code()
		}
	}
	if m.rl.Host != nil {
		host, _, ok := h1.ValidateHost(nil, m.rl.Host)
		if !ok {
			return 400
		}
		m.host = host
	}
	if m.rl.HTTP09() {
		return 200
	}

	for {
		var f h1.HeaderLine
		n, st := h1.ParseHeaderLine(b, &f, h1.HeaderOptions{})
		b = b[n:]
		m.length += n
		switch st {
		case h1.OK:
			if !f.Invalid && !m.field(&f) {
				return 400
			}
		case h1.Done:
			return m.decide()
		default:
			return st.Code()
		}
	}
}

// field takes one field and tells whether the request is still good.
func (m *message) field(f *h1.HeaderLine) bool {
	if h1.EqualFold(f.Name, "X-Test") {
		m.xTest = append(m.xTest, string(f.Value))
	}
	m.count[f.ID]++
	switch f.ID {
	case h1.Host:
		host, _, ok := h1.ValidateHost(nil, f.Value)
		if !ok {
			return false
		}
		if m.host == nil {
			m.host = host
		}
	case h1.ContentLength:
		m.contentLength = f.Value
	case h1.TransferEncoding:
		m.encoding = f.Value
	case h1.IfModifiedSince, h1.IfUnmodifiedSince, h1.IfMatch, h1.IfNoneMatch, h1.IfRange,
		h1.ContentRange, h1.Expect, h1.Authorization, h1.ProxyAuthorization:
	default:
		return true
	}
	return m.count[f.ID] == 1
}

// decide judges the whole header.
func (m *message) decide() int {
	if m.count[h1.Host] == 0 && m.rl.Version() > 1000 {
		return 400
	}
	if m.count[h1.ContentLength] > 0 {
		if _, ok := h1.ParseContentLength(m.contentLength); !ok {
			return 400
		}
	}
	if m.count[h1.TransferEncoding] > 0 {
		switch {
		case m.rl.Version() < 1001:
			return 400
		case !h1.EqualFold(m.encoding, "chunked"):
			return 501
		case m.count[h1.ContentLength] > 0:
			return 400
		}
	}
	if m.rl.MethodID&(h1.Connect|h1.Trace) != 0 {
		return 405
	}
	return 200
}
