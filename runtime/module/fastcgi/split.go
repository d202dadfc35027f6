package fastcgi

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// parts are the two that fastcgi_split_path_info makes of a request's path. They are computed once for each handler of a
// request, as in nginx: a later change of the path does not change them. Those that are asked for before there is a
// handler are pooled.
type parts struct {
	script   []byte // empty: not computed yet
	pathInfo []byte
	groups   [6]int // room for the expression's
}

var pool = sync.Pool{New: func() any { return new(parts) }}

// End implements httpd.Ender.
func (s *parts) End() {
	*s = parts{}
	pool.Put(s)
}

// parts returns those of a request; false after an expression has failed, which is logged.
func (m *module) parts(r *httpd.Request) (*parts, bool) {
	s, _ := (*r.Ctx(m.slot)).(*parts)
	if s == nil {
		s = pool.Get().(*parts)
		*r.Ctx(m.slot) = s
		r.AtEnd(s)
	}
	if len(s.script) > 0 {
		return s, true
	}
	re := m.section.Of(r.Location().Block).split
	if re == nil {
		s.script = r.URI
		return s, true
	}
	groups, ok, err := re.Exec(r.URI, s.groups[:0])
	switch {
	case err != nil:
		r.Logf(errlog.Alert, nil, `%s on "%s" using "%s"`, err, r.URI, re)
		return nil, false
	case ok:
		s.script, s.pathInfo = group(r.URI, groups[2:4]), group(r.URI, groups[4:6])
	default:
		s.script = r.URI
	}
	return s, true
}

// group is the part of a text that a group with these bounds has matched; nil where it took no part.
func group(text []byte, bounds []int) []byte {
	if bounds[0] < 0 {
		return nil
	}
	return text[bounds[0]:bounds[1]]
}

// defineVars defines $fastcgi_script_name and $fastcgi_path_info.
func (m *module) defineVars() {
	m.b.Vars.Define("fastcgi_script_name", httpd.Var{NoCache: true, Unhashed: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		s, ok := m.parts(r)
		if !ok {
			return nil, false
		}
		name := s.script
		if index := m.section.Of(r.Location().Block).index; index != "" && len(name) > 0 && name[len(name)-1] == '/' {
			b := append(r.Alloc(len(name) + len(index))[:0], name...)
			name = append(b, index...)
		}
		return name, true
	}})
	m.b.Vars.Define("fastcgi_path_info", httpd.Var{NoCache: true, Unhashed: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		s, ok := m.parts(r)
		if !ok {
			return nil, false
		}
		return s.pathInfo, true
	}})
}
