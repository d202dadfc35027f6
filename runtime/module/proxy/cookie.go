package proxy

import (
	"bytes"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// cookieFlags is proxy_cookie_flags.
type cookieFlags struct{ rules []*flagRule }

// flagRule gives flags to the cookies of a name.
type flagRule struct {
	name  *script.Value
	regex *regex.Regex
	flags []*script.Value
}

// setCookieFlags handles proxy_cookie_flags.
func (m *module) setCookieFlags(c *settings, cmd *conf.Cmd) error {
	if done, err := switchedOff(&c.flags, cmd); done {
		return err
	}
	u := &flagRule{}
	name, err := cmd.Arg(0), error(nil)
	if strings.HasPrefix(name, "~") {
		if u.regex, err = m.b.Regex(cmd, name[1:], true); err != nil {
			return err
		}
	} else if u.name, err = m.b.Value(cmd, 0); err != nil {
		return err
	}
	for i := range cmd.Args[1:] {
		v, err := m.b.Value(cmd, i+1)
		if err != nil {
			return err
		}
		u.flags = append(u.flags, v)
	}
	if !c.flags.SetAt(cmd.Block) {
		c.flags.Set(cmd.Block, &cookieFlags{})
	}
	c.flags.V.rules = append(c.flags.V.rules, u)
	return nil
}

// flags of a cookie.
type flags uint16

const (
	secureOn flags = 1 << iota
	secureOff
	httpOnlyOn
	httpOnlyOff
	sameSiteStrict
	sameSiteLax
	sameSiteNone
	sameSiteOff
)

var flagWords = [...]struct {
	word string
	flag flags
}{
	{"secure", secureOn},
	{"nosecure", secureOff},
	{"httponly", httpOnlyOn},
	{"nohttponly", httpOnlyOff},
	{"samesite=strict", sameSiteStrict},
	{"samesite=lax", sameSiteLax},
	{"samesite=none", sameSiteNone},
	{"nosamesite", sameSiteOff},
}

// of returns the flags for a cookie; the first rule for its name counts.
func (f *cookieFlags) of(r *httpd.Request, name []byte) (set flags) {
	for _, u := range f.rules {
		if u.regex != nil {
			if !r.Match(u.regex, name) {
				continue
			}
		} else if n := u.name.Eval(r); len(n) != len(name) || !h1.EqualFold(name, string(n)) {
			continue
		}
		for _, v := range u.flags {
			word := v.Eval(r)
			for _, w := range flagWords {
				if len(w.word) == len(word) && h1.EqualFold(word, w.word) {
					set |= w.flag
				}
			}
		}
		break
	}
	return set
}

// attr is one part of a Set-Cookie. The first is the cookie itself.
type attr struct {
	key, value []byte
	plain      bool // there is no "=value"
	gone       bool
}

// parseCookie splits a Set-Cookie.
func parseCookie(attrs []attr, v []byte) []attr {
	for {
		part, rest, more := bytes.Cut(v, []byte{';'})
		key, value, found := bytes.Cut(part, []byte{'='})
		attrs = append(attrs, attr{
			key: trimRight(bytes.TrimLeft(key, " ")), value: bytes.Trim(value, " "), plain: !found,
		})
		if !more {
			return attrs
		}
		v = rest
	}
}

func trimRight(b []byte) []byte { return bytes.TrimRight(b, " ") }

// RewriteCookie implements pass.Rewriter.
func (c *call) RewriteCookie(x *pass.Exchange, value []byte) ([]byte, bool) {
	s := c.target.conf
	if s.domains.V == nil && s.paths.V == nil && s.flags.V == nil {
		return nil, false
	}
	var room [16]attr
	attrs := parseCookie(room[:0], value)
	if attrs[0].plain {
		return nil, false
	}
	changed := false
	for i := 1; i < len(attrs); i++ {
		a := &attrs[i]
		if a.plain {
			continue
		}
		ok := false
		switch {
		case h1.EqualFold(a.key, "domain"):
			a.value, ok = s.domains.V.apply(x.R, a.value, 0)
		case h1.EqualFold(a.key, "path"):
			a.value, ok = s.paths.V.apply(x.R, a.value, 0)
		}
		changed = changed || ok
	}
	if s.flags.V != nil {
		if set := s.flags.V.of(x.R, attrs[0].key); set != 0 {
			attrs = setFlags(attrs, set)
			changed = true
		}
	}
	if !changed {
		return nil, false
	}
	return joinCookie(x.R, attrs), true
}

// setFlags changes the attributes that flags are about and adds those that are
// missing.
func setFlags(attrs []attr, set flags) []attr {
	for i := 1; i < len(attrs); i++ {
		a := &attrs[i]
		switch {
		case h1.EqualFold(a.key, "secure"):
			a.gone = set&(secureOn|secureOff) == secureOff
			set &^= secureOn
		case h1.EqualFold(a.key, "httponly"):
			a.gone = set&(httpOnlyOn|httpOnlyOff) == httpOnlyOff
			set &^= httpOnlyOn
		case h1.EqualFold(a.key, "samesite"):
			word, flag := sameSite(set)
			switch {
			case flag != 0:
				set &^= flag
				if !h1.EqualFold(a.value, word) {
					a.key, a.value, a.plain = []byte("SameSite"), []byte(word), false
				}
			case set&sameSiteOff != 0:
				a.gone = true
			}
		}
	}
	if set&secureOn != 0 {
		attrs = append(attrs, attr{key: []byte("Secure"), plain: true})
	}
	if set&httpOnlyOn != 0 {
		attrs = append(attrs, attr{key: []byte("HttpOnly"), plain: true})
	}
	if word, flag := sameSite(set); flag != 0 {
		attrs = append(attrs, attr{key: []byte("SameSite"), value: []byte(word)})
	}
	return attrs
}

// sameSite returns the value that the flags ask for, and the flag.
func sameSite(set flags) (string, flags) {
	switch {
	case set&sameSiteStrict != 0:
		return "Strict", sameSiteStrict
	case set&sameSiteLax != 0:
		return "Lax", sameSiteLax
	case set&sameSiteNone != 0:
		return "None", sameSiteNone
	}
	return "", 0
}

// joinCookie puts a Set-Cookie together again.
func joinCookie(r *httpd.Request, attrs []attr) []byte {
	n := 0
	for i := range attrs {
		n += len(attrs[i].key) + len(attrs[i].value) + 3
	}
	b := r.Alloc(n)[:0]
	for i := range attrs {
		a := &attrs[i]
		if a.gone {
			continue
		}
		if i > 0 {
			b = append(b, "; "...)
		}
		b = append(b, a.key...)
		if !a.plain {
			b = append(b, '=')
			b = append(b, a.value...)
		}
	}
	return b
}
