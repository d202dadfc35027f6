package pass

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/upstream"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// bond is what ties the request of an Exchange to a peer.
type bond struct {
	id     []byte // what the request says: a peer's session id, or a session
	sid    [upstream.MaxRoute]byte
	made   []byte // the session that the response begins, nil for none
	cookie int    // place of the Set-Cookie in Out.List, from 1 on; 0: there is none
}

// text is the directive up to what names the peer; s may be nil.
func (s *sticky) text() string {
	switch {
	case s == nil:
		return ""
	case s.cookie != nil:
		return "sticky cookie " + s.cookie.name
	}
	return "sticky " + s.method
}

// bind begins the search for the peer that the request is bound to.
func (x *Exchange) bind(s *sticky) {
	x.bond = bond{id: firstValue(x.R, s.lookup)}
	x.choice.Hint = x.bond.id
	if s.learn != nil {
		x.choice.Hint = nil
		if len(x.bond.id) > 0 {
			x.choice.Hint = s.learn.sessions.find(x.bond.sid[:0], x.bond.id, clock.Mono())
		}
	}
}

// firstValue is the first of variables that is not empty.
func firstValue(r *httpd.Request, vars []int) []byte {
	for _, i := range vars {
		if v, ok := r.Lookup(i); ok && len(v) > 0 {
			return v
		}
	}
	return nil
}

// chosen is called when a peer has been chosen: the client gets its cookie.
func (s *sticky) chosen(x *Exchange) {
	if s.cookie == nil {
		return
	}
	value := s.cookie.text(x.R, x.choice.SID)
	o := &x.R.Out
	if i := x.bond.cookie; i > 0 && i <= len(o.List) && o.List[i-1].ID == h1.SetCookie {
		o.List[i-1].Value = value
		return
	}
	o.Add(h1.SetCookie, header.Names[h1.SetCookie], value)
	x.bond.cookie = len(o.List)
}

// far is what expires=max means.
const far = "; expires=Thu, 31-Dec-37 23:55:55 GMT; max-age=315360000"

// text is the value of Set-Cookie for the peer with a session id.
func (k *stickyCookie) text(r *httpd.Request, sid []byte) []byte {
	domain, sameSite := value(r, k.domain), value(r, k.sameSite)
	if len(sameSite) > 0 && !isSameSite(string(sameSite)) {
		sameSite = strict
	}
	b := r.Alloc(len(k.name) + len(sid) + len(far) + len(domain) + len(sameSite) + len(k.path) + 64)[:0]
	b = append(append(append(b, k.name...), '='), sid...)
	switch {
	case k.expires == expiresMax:
		b = append(b, far...)
	case k.expires != expiresNever:
		b = h1.AppendCookieDate(append(b, "; expires="...), clock.Now().Sec+k.expires)
		b = strconv.AppendInt(append(b, "; max-age="...), k.expires, 10)
	}
	if len(domain) > 0 {
		b = append(append(b, "; domain="...), domain...)
	}
	if k.httpOnly {
		b = append(b, "; httponly"...)
	}
	if k.secure {
		b = append(b, "; secure"...)
	}
	if len(sameSite) > 0 {
		b = append(append(b, "; samesite="...), sameSite...)
	}
	return append(b, k.path...)
}

var strict = []byte("strict")

func value(r *httpd.Request, v *script.Value) []byte {
	if v == nil {
		return nil
	}
	return v.Eval(r)
}

// headed is called when the header of the response is there and is to be used.
func (s *sticky) headed(x *Exchange) {
	l := s.learn
	if l == nil {
		return
	}
	x.bond.made = firstValue(x.R, l.create)
	if l.afterHeader {
		l.note(x)
	}
}

// done is called when the exchange with the peer has ended well. It may run on another
// goroutine than that of the request.
func (s *sticky) done(x *Exchange) {
	if s.learn != nil && !s.learn.afterHeader {
		s.learn.note(x)
	}
}
