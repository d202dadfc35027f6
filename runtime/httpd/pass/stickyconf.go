package pass

import (
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// sticky is the sticky directive of an upstream block: how a request is bound to a peer.
type sticky struct {
	method string // "cookie", "route" or "learn"
	lookup []int  // variables; the first one with a value tells the peer, or the session
	cookie *stickyCookie
	learn  *learning
}

// stickyCookie is the cookie that tells the peer (sticky cookie).
type stickyCookie struct {
	name     string
	path     string // "; path=/", "" without one
	expires  int64  // seconds; expiresNever, expiresMax
	domain   *script.Value
	sameSite *script.Value
	httpOnly bool
	secure   bool
}

const (
	expiresNever = -1 // with the session of the browser
	expiresMax   = -2 // expires=max
)

// setSticky handles sticky.
func (s *Upstreams) setSticky(b *httpd.Builder, c *conf.Cmd, u *Upstream) error {
	if u.sticky != nil {
		return c.Bad("is duplicate")
	}
	st := &sticky{method: c.Arg(0)}
	var err error
	switch st.method {
	case "cookie":
		err = st.readCookie(b, c)
	case "route":
		for _, a := range c.Args[1:] {
			name, found := strings.CutPrefix(a.Value, "$")
			if !found {
				return c.Errorf(`invalid variable name "%s"`, a.Value)
			}
			st.lookup = append(st.lookup, b.Vars.Index(name))
		}
	case "learn":
		err = s.readLearn(b, c, u, st)
	default:
		return c.Errorf(`unknown parameter "%s"`, st.method)
	}
	if err != nil {
		return err
	}
	u.sticky = st
	return nil
}

// readCookie reads sticky cookie.
func (s *sticky) readCookie(b *httpd.Builder, c *conf.Cmd) error {
	k := &stickyCookie{name: c.Arg(1), expires: expiresNever}
	if k.name == "" {
		return c.Bad("empty cookie name")
	}
	for _, a := range c.Args[2:] {
		if err := k.read(b, c, a.Value); err != nil {
			return err
		}
	}
	s.cookie, s.lookup = k, []int{b.Vars.Index("cookie_" + k.name)}
	return nil
}

// read reads one parameter of the cookie.
func (k *stickyCookie) read(b *httpd.Builder, c *conf.Cmd, text string) error {
	name, value, valued := strings.Cut(text, "=")
	if valued == (name == "httponly" || name == "secure") {
		return c.Errorf(`unknown parameter "%s"`, text)
	}
	given, ok := k.given(name)
	switch {
	case !ok:
		return c.Errorf(`unknown parameter "%s"`, text)
	case given:
		return c.Bad(`parameter "` + name + `" is duplicate`)
	case value == "" && (name == "domain" || name == "path"):
		return c.Bad(`no value for "` + name + `"`)
	}
	switch name {
	case "path":
		k.path = "; path=" + value
	case "httponly":
		k.httpOnly = true
	case "secure":
		k.secure = true
	case "expires":
		return k.setExpires(c, value)
	case "domain", "samesite":
		v, err := b.Vars.Compile(value)
		if err != nil {
			return c.Errorf("%s", err.Error())
		}
		if name == "domain" {
			k.domain = v
			return nil
		}
		if _, static := v.Static(); static && !isSameSite(value) {
			return c.Bad(`invalid "samesite" parameter value`)
		}
		k.sameSite = v
	}
	return nil
}

// given reports whether a parameter was there before; ok: there is such a parameter.
func (k *stickyCookie) given(name string) (given, ok bool) {
	switch name {
	case "path":
		return k.path != "", true
	case "httponly":
		return k.httpOnly, true
	case "secure":
		return k.secure, true
	case "expires":
		return k.expires != expiresNever, true
	case "domain":
		return k.domain != nil, true
	case "samesite":
		return k.sameSite != nil, true
	}
	return false, false
}

func (k *stickyCookie) setExpires(c *conf.Cmd, value string) error {
	if value == "max" {
		k.expires = expiresMax
		return nil
	}
	n, ok := conf.ParseSec(value)
	if !ok {
		return c.Bad(`invalid "expires" parameter value`)
	}
	k.expires = n
	return nil
}

// isSameSite reports whether text is a value of the attribute SameSite.
func isSameSite(text string) bool {
	return strings.EqualFold(text, "strict") || strings.EqualFold(text, "lax") || strings.EqualFold(text, "none")
}

// minLearnPages is the smallest size of a zone of sessions.
const minLearnPages = 8

// readLearn reads sticky learn.
func (s *Upstreams) readLearn(b *httpd.Builder, c *conf.Cmd, u *Upstream, st *sticky) error {
	l := &learning{}
	for _, a := range c.Args[1:] {
		if err := l.read(b, c, st, a.Value); err != nil {
			return err
		}
	}
	switch {
	case len(st.lookup) == 0:
		return c.Bad(`"lookup" parameter is not specified`)
	case len(l.create) == 0:
		return c.Bad(`"create" parameter is not specified`)
	case l.size == 0:
		return c.Bad(`"zone" parameter is not specified`)
	}
	if l.timeout == 0 {
		l.timeout = 600000
	}
	if err := c.SharedZone(l.zone, l.size, "ngx_http_upstream_sticky_module"); err != nil {
		return err
	}
	if host, used := s.learn[l.zone]; used {
		return c.Errorf(`sticky zone "%s" is already used in upstream "%s"`, l.zone, host)
	}
	if s.learn == nil {
		s.learn = map[string]string{}
	}
	s.learn[l.zone] = u.Host
	st.learn = l
	return nil
}

// read reads one parameter of sticky learn.
func (l *learning) read(b *httpd.Builder, c *conf.Cmd, st *sticky, text string) error {
	name, value, _ := strings.Cut(text, "=")
	switch {
	case text == "header":
		l.afterHeader = true
	case text == "sync":
		return c.Errorf(`"sync" parameter is known to nginx but not supported here`)
	case name == text:
		return c.Errorf(`unknown parameter "%s"`, text)
	case name == "zone":
		return l.setZone(c, value)
	case name == "timeout":
		if l.timeout != 0 {
			return c.Bad("duplicate timeout")
		}
		var ok bool
		if l.timeout, ok = conf.ParseMsec(value); !ok || l.timeout == 0 {
			return c.Bad("invalid timeout")
		}
	case name == "create", name == "lookup":
		variable, found := strings.CutPrefix(value, "$")
		if !found {
			return c.Bad(`missing variable in the "` + name + `" parameter`)
		}
		list := &l.create
		if name == "lookup" {
			list = &st.lookup
		}
		*list = append(*list, b.Vars.Index(variable))
	default:
		return c.Errorf(`unknown parameter "%s"`, text)
	}
	return nil
}

func (l *learning) setZone(c *conf.Cmd, value string) error {
	if l.size != 0 {
		return c.Bad("duplicate zone")
	}
	name, size, found := strings.Cut(value, ":")
	switch {
	case !found:
		return c.Bad("zone size is not specified")
	case name == "":
		return c.Bad("zone name is not specified")
	}
	n, ok := conf.ParseSize(size)
	switch {
	case !ok:
		return c.Bad("invalid zone size")
	case n < int64(minLearnPages*os.Getpagesize()):
		return c.Bad("zone is too small")
	}
	l.zone, l.size = name, n
	return nil
}
