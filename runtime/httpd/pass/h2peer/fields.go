package h2peer

import (
	"errors"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// Fields are the fields of requests that the configuration sets, made into a form that is fast to write. Immutable once it
// serves.
type Fields struct {
	lines []line
	skip  *pass.NameSet // of the client's fields, those that are not passed on
}

// line is a field, or several whose values are known.
type line struct {
	name   string
	text   []byte        // as they are written, or the name alone
	value  *script.Value // nil: text is complete, or length
	length bool          // the length of the body
}

// NewFields returns no fields.
func NewFields() *Fields { return &Fields{skip: pass.NewNameSet(nil)} }

// Skip keeps a field of the client's from being passed on.
func (l *Fields) Skip(name string) { l.skip.Add(name) }

// Set adds a field, which the client's do not override. One whose value is empty is not sent.
func (l *Fields) Set(name string, v *script.Value) {
	l.Skip(name)
	text, static := v.Static()
	switch {
	case !static:
		l.lines = append(l.lines, line{name: name, text: appendName(nil, []byte(name)), value: v})
	case len(text) == 0:
	case len(name) > maxField || len(text) > maxField:
		l.lines = append(l.lines, line{name: name, value: v}) // Append refuses it
	default:
		if n := len(l.lines); n == 0 || l.lines[n-1].value != nil || l.lines[n-1].length {
			l.lines = append(l.lines, line{})
		}
		last := &l.lines[len(l.lines)-1]
		last.text = hpack.AppendField(last.text, []byte(name), text)
	}
}

// SetLength adds Content-Length, whose value is that of Append.
func (l *Fields) SetLength() {
	l.Skip("Content-Length")
	l.lines = append(l.lines, line{length: true})
}

// appendName appends the beginning of a field up to its value.
func appendName(dst, name []byte) []byte {
	b := hpack.AppendField(dst, name, nil)
	return b[:len(b)-1] // an empty value has one byte
}

// maxField is the length of the longest text that nginx sends.
const maxField = 127 + 1<<21 - 1

var errTooLong = errors.New("too long field")

// tooLongText logs a text that cannot be sent.
func tooLongText(r *httpd.Request, what string) error {
	r.Errorf(nil, "too long http2 %s", what)
	return errTooLong
}

// AppendPseudo appends the fields that HTTP/2 has in place of the request line.
func AppendPseudo(b []byte, r *httpd.Request, method []byte, tls bool, path, authority []byte) ([]byte, error) {
	switch {
	case len(method) > maxField:
		return b, tooLongText(r, `method: "`+string(method)+`"`)
	case len(path) > maxField:
		return b, tooLongText(r, "URI")
	case len(authority) > maxField:
		return b, tooLongText(r, `host: "`+string(authority)+`"`)
	}
	switch string(method) {
	case "GET":
		b = hpack.AppendIndexed(b, hpack.Method)
	case "POST":
		b = hpack.AppendIndexed(b, hpack.Method+1)
	default:
		b = hpack.AppendIndexedName(b, hpack.Method, method)
	}
	scheme := hpack.Scheme
	if tls {
		scheme++
	}
	b = hpack.AppendIndexed(b, scheme)
	if string(path) == "/" {
		b = hpack.AppendIndexed(b, hpack.Path)
	} else {
		b = hpack.AppendIndexedName(b, hpack.Path, path)
	}
	return hpack.AppendIndexedName(b, hpack.Authority, authority), nil
}

// Append appends the fields, and with client those of the client that they do not replace. length is the length of the body,
// -1: it is not known.
func (l *Fields) Append(b []byte, r *httpd.Request, length int64, client bool) ([]byte, error) {
	for i := range l.lines {
		switch f := &l.lines[i]; {
		case f.length:
			if length >= 0 {
				var digits [20]byte
				b = hpack.AppendIndexedName(b, hpack.ContentLength, strconv.AppendInt(digits[:0], length, 10))
			}
		case f.value == nil:
			b = append(b, f.text...)
		default:
			v := f.value.Eval(r)
			switch {
			case len(v) == 0:
				continue
			case len(f.name) > maxField:
				return b, tooLongText(r, "header name")
			case len(v) > maxField:
				return b, tooLongText(r, "header value")
			}
			b = hpack.AppendText(append(b, f.text...), v)
		}
	}
	if !client {
		return b, nil
	}
	for i := range r.In.List {
		f := &r.In.List[i]
		switch {
		case l.skip.Has(f.ID, f.Name):
			continue
		case len(f.Name) > maxField:
			return b, tooLongText(r, `header name: "`+string(f.Name)+`"`)
		case len(f.Value) > maxField:
			return b, tooLongText(r, `header value: "`+string(f.Name)+": "+string(f.Value)+`"`)
		}
		b = hpack.AppendField(b, f.Name, f.Value)
	}
	return b, nil
}

// Lines returns the fields of a request's head, in words.
func Lines(head []byte) []string {
	lines := []string{}
	var block []byte
	for at := len(preface); at+h2.HeaderSize <= len(head); {
		_, n := h2.ParseHead(head[at:])
		at += h2.HeaderSize
		block = append(block, head[at:min(at+n, len(head))]...)
		at += n
	}
	var d hpack.Decoder
	d.Reset(0)
	d.Begin()
	room := make([]byte, 2*len(block)+64)
	for len(block) > 0 {
		f, rest, left, st := d.Next(block, room)
		if st != hpack.OK || f.Name == nil {
			break
		}
		lines = append(lines, strings.TrimSpace(string(f.Name)+": "+string(f.Value)))
		block, room = rest, left
	}
	return lines
}
