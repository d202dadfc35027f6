package userid

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// Module is ngx_http_userid_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_userid_module", Register: register}
}

// The values of userid.
const (
	off = iota
	logOnly
	v1
	on
)

// The values of userid_flags.
const (
	flagOff = 1 << iota
	flagSecure
	flagHTTPOnly
	flagStrict
	flagLax
	flagNone
)

var flagWords = []conf.Choice{
	{Word: "off", Value: flagOff},
	{Word: "secure", Value: flagSecure},
	{Word: "httponly", Value: flagHTTPOnly},
	{Word: "samesite=strict", Value: flagStrict},
	{Word: "samesite=lax", Value: flagLax},
	{Word: "samesite=none", Value: flagNone},
}

// expiresMax as settings.expires stands for "max".
const expiresMax = -1

// settings are the directives of a block.
type settings struct {
	state   int
	service int // -1: the address of the server
	name    string
	domain  string // with its attribute name
	path    string
	expires int64 // s; 0: off
	flags   conf.Slot[int]
	p3p     []byte
	mark    byte // 0: off

	prefix []byte // of the cookie: its name and "="
	tail   []byte // of the cookie, behind the date
}

func (s *settings) bind(t *conf.Table) {
	t.Enum("userid", &s.state, []conf.Choice{
		{Word: "off", Value: off}, {Word: "log", Value: logOnly}, {Word: "v1", Value: v1}, {Word: "on", Value: on},
	})
	t.Num("userid_service", &s.service)
	t.Str("userid_name", &s.name)
	t.Func("userid_domain", func(c *conf.Cmd) error {
		s.domain = ""
		if c.Arg(0) != "none" {
			s.domain = "; domain=" + c.Arg(0)
		}
		return nil
	})
	t.Str("userid_path", &s.path)
	t.Func("userid_expires", func(c *conf.Cmd) error {
		ok := true
		switch c.Arg(0) {
		case "max":
			s.expires = expiresMax
		case "off":
			s.expires = 0
		default:
			s.expires, ok = conf.ParseSec(c.Arg(0))
		}
		if !ok {
			return c.Bad("invalid value")
		}
		return nil
	})
	t.Bitmask("userid_flags", &s.flags, flagWords)
	t.Func("userid_p3p", func(c *conf.Cmd) error {
		s.p3p = nil
		if c.Arg(0) != "none" {
			s.p3p = []byte(c.Arg(0))
		}
		return nil
	})
	t.Func("userid_mark", func(c *conf.Cmd) error {
		m := c.Arg(0)
		switch {
		case m == "off":
			s.mark = 0
		case len(m) == 1 && isMark(m[0]):
			s.mark = m[0]
		default:
			return c.Bad(`value must be "off" or a single letter, digit or "="`)
		}
		return nil
	})
}

func isMark(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '='
}

// finish prepares the parts of the cookie that are always the same.
func (s *settings) finish() {
	s.prefix = []byte(s.name + "=")
	var b strings.Builder
	b.WriteString(s.domain + "; path=" + s.path)
	for _, f := range flagWords[1:] {
		if s.flags.V&f.Value != 0 {
			b.WriteString("; " + f.Word)
		}
	}
	s.tail = []byte(b.String())
}

// module is what the hooks of one configuration share.
type module struct {
	settings *conf.Section[settings]
	seq      *sequence
	// Numbers of variables. got and given are the module's own: the bytes of
	// the identifier that came and of the one given out, found once a request.
	got, given, reset int
}

// sequences goes on over a reload, so that no identifier is given out twice.
const sequences resource.Kind[*sequence] = "userid"

func register(b *httpd.Builder, cm *conf.Module) {
	m := &module{seq: sequences.Take(b.Env.Resources, "", newSequence)}
	m.settings = conf.NewSection(cm, settings{service: -1, name: "uid", path: "/"}, (*settings).bind)
	m.settings.Finish(cm, func(_ *conf.Block, s *settings) error {
		s.finish()
		return nil
	})
	own := func(name string, get func(r *httpd.Request, _ string) ([]byte, bool)) int {
		b.Vars.Define(name, httpd.Var{Get: get})
		return b.Vars.Index(name)
	}
	// The space keeps these two out of the configuration's reach.
	m.got = own("userid got", m.find)
	m.given = own("userid given", m.give)
	b.Vars.Define("uid_got", httpd.Var{Get: m.uidGot})
	b.Vars.Define("uid_set", httpd.Var{Get: m.uidSet})
	b.Vars.Define("uid_reset", httpd.Var{Changeable: true, Get: func(*httpd.Request, string) ([]byte, bool) {
		return nil, true
	}})
	m.reset = b.Vars.Index("uid_reset")
	b.Plan(func(p *httpd.Plan) {
		if s := m.settings.Of(p.Block); s.state >= v1 {
			p.HeaderFilter(m.filter)
		}
	})
}

// of returns the settings that hold for a request: the main one's.
func (m *module) of(r *httpd.Request) *settings { return m.settings.Of(r.Main().Location().Block) }

// uidGot computes $uid_got.
func (m *module) uidGot(r *httpd.Request, _ string) ([]byte, bool) {
	s := m.of(r)
	if s.state == off {
		return nil, false
	}
	id, ok := r.Main().Lookup(m.got)
	if !ok {
		return nil, false
	}
	return appendText(r.Alloc(len(s.prefix) + 2*size)[:0], s.prefix, id), true
}

// uidSet computes $uid_set.
func (m *module) uidSet(r *httpd.Request, _ string) ([]byte, bool) {
	s := m.of(r)
	if s.state < v1 {
		return nil, false
	}
	id, ok := r.Main().Lookup(m.given)
	if !ok {
		return nil, false
	}
	return appendText(r.Alloc(len(s.prefix) + 2*size)[:0], s.prefix, id), true
}
