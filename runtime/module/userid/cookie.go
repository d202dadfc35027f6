package userid

import (
	"bytes"
	"encoding/base64"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// encoded is the length of an identifier in base64 without padding. What
// follows may be a mark, or whatever old cookies have there.
const encoded = 22

// cookie returns the request's cookie of a name, and the field it came in.
func cookie(r *httpd.Request, name string) (value, line []byte, ok bool) {
	for i := range r.In.List {
		if f := &r.In.List[i]; f.ID == h1.Cookie {
			if v, ok := h1.ListValue(f.Value, name, ';'); ok {
				return v, f.Value, true
			}
		}
	}
	return nil, nil, false
}

// find decodes the identifier that the client sent.
func (m *module) find(r *httpd.Request, _ string) ([]byte, bool) {
	value, line, ok := cookie(r, m.of(r).name)
	if !ok {
		return nil, false
	}
	if len(value) < encoded {
		r.Errorf(nil, `client sent too short userid cookie "%s"`, line)
		return nil, false
	}
	id := r.Alloc(size)
	if !decode(id, value[:encoded]) {
		r.Errorf(nil, `client sent invalid userid cookie "%s"`, line)
		return nil, false
	}
	return id, isSet(id)
}

// decode reads an identifier; one that ends early, with "=", has zeros behind.
func decode(id, text []byte) bool {
	clear(id)
	if i := bytes.IndexByte(text, '='); i >= 0 {
		text = text[:i]
	}
	_, err := base64.RawStdEncoding.Decode(id, text)
	return err == nil
}

// isSet reports whether there is an identifier: its counter is never 0.
func isSet(id []byte) bool { return id[12]|id[13]|id[14]|id[15] != 0 }

// give decides which identifier the client is given, if any.
func (m *module) give(r *httpd.Request, _ string) ([]byte, bool) {
	s := m.of(r)
	got, ok := r.Lookup(m.got)
	if ok {
		switch reset := r.Var(m.reset); string(reset) {
		case "", "0":
			value, _, _ := cookie(r, s.name)
			if s.mark == 0 || len(value) > encoded+1 && value[encoded] == s.mark && value[encoded+1] == '=' {
				return nil, false
			}
			return got, true // the same with a mark
		case "log":
			r.Logf(errlog.Notice, nil, `userid cookie "%s" was reset`, appendText(nil, s.prefix, got))
		}
	}
	id := r.Alloc(size)
	if s.state == v1 {
		m.seq.first(id, s, clock.Now().Sec)
	} else {
		m.seq.second(id, s, clock.Now().Sec, r.Client().Socket.Local())
	}
	return id, true
}

// The names of the header fields.
var (
	setCookie = []byte("Set-Cookie")
	p3pName   = []byte("P3P")
)

// filter adds the cookie to the response.
func (m *module) filter(r *httpd.Request) httpd.Result {
	if r.Parent() != nil {
		return httpd.OK
	}
	id, ok := r.Lookup(m.given)
	if !ok {
		return httpd.OK
	}
	s := m.of(r)
	var kept []byte
	if got, ok := r.Lookup(m.got); ok && bytes.Equal(got, id) {
		value, _, _ := cookie(r, s.name)
		kept = value[:encoded]
	}
	b := r.Alloc(len(s.prefix) + encoded + 2 + maxDate + len(s.tail))[:0]
	r.Out.Add(h1.SetCookie, setCookie, appendCookie(b, s, id, kept, clock.Now().Sec))
	if len(s.p3p) > 0 {
		r.Out.Add(h1.UnknownField, p3pName, s.p3p)
	}
	return httpd.OK
}

const (
	dateName = "; expires="
	farDate  = dateName + "Thu, 31-Dec-37 23:55:55 GMT"
	maxDate  = len(farDate) + 2 // years have four digits from 2038 on
)

// appendCookie appends the value of Set-Cookie. kept is the client's own text
// of the identifier, where it stays the same.
func appendCookie(b []byte, s *settings, id, kept []byte, now int64) []byte {
	b = append(b, s.prefix...)
	if kept != nil {
		b = append(b, kept...)
		b = append(b, s.mark, '=')
	} else {
		b = base64.StdEncoding.AppendEncode(b, id)
		if s.mark != 0 {
			b[len(b)-2] = s.mark
		}
	}
	switch {
	case s.expires == expiresMax:
		b = append(b, farDate...)
	case s.expires != 0:
		b = h1.AppendCookieDate(append(b, dateName...), now+s.expires)
	}
	return append(b, s.tail...)
}

// appendText appends an identifier as the variables have it: four numbers in
// hexadecimal, as a little-endian machine sees them.
func appendText(b, prefix, id []byte) []byte {
	const digits = "0123456789ABCDEF"
	b = append(b, prefix...)
	for i := range id {
		c := id[i&^3+3-i&3]
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}
