package referer

import (
	"bytes"
	"errors"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_referer_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_referer_module", Register: register}
}

// settings are the directives of a block.
type settings struct {
	list conf.Slot[*list]
}

func register(b *httpd.Builder, m *conf.Module) {
	m.HashHints("referer")
	section := conf.NewSection(m, settings{}, func(s *settings, t *conf.Table) {
		t.Func("valid_referers", func(c *conf.Cmd) error {
			if !s.list.SetAt(c.Block) {
				s.list.Set(c.Block, &list{})
			}
			return s.list.V.read(b, c)
		})
	})
	section.Finish(m, func(block *conf.Block, s *settings) error {
		if !s.list.SetAt(block) {
			return nil
		}
		if err := s.list.V.finish(b.ServerOf(block), section.Of(block.Parent).list.V); err != nil {
			return err
		}
		if err := block.HashOf("referer_hash", 2048, 64).CheckHosts(s.list.V.keys, b.Loader.Warnf); err != nil {
			return conf.Unlocated(err.Error())
		}
		return nil
	})
	b.Vars.Define("invalid_referer", httpd.Var{Changeable: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		l := section.Of(r.Location().Block).list.V
		if l == nil {
			return nil, true
		}
		ref := r.In.Get(h1.Referer)
		if l.valid(ref, r.In.Has(h1.Referer), r) {
			return nil, true
		}
		return invalid, true
	}})
}

var invalid = []byte("1")

// list is the valid referrers of a block. Immutable once finished.
type list struct {
	none, blocked bool
	serverNames   bool
	names         *route.Names[[]byte] // to the path that must follow
	regexes       []*regex.Regex       // of what follows the scheme
	hostRegexes   []*regex.Regex       // of the host: the server's names

	builder route.NamesBuilder[[]byte]
	some    bool // builder holds something
	keys    []string
}

// read reads one valid_referers directive.
func (l *list) read(b *httpd.Builder, c *conf.Cmd) error {
	for i := range c.Args {
		switch word := c.Arg(i); {
		case word == "":
			return c.Errorf(`invalid referer "%s"`, word)
		case word == "none":
			l.none = true
		case word == "blocked":
			l.blocked = true
		case word == "server_names":
			l.serverNames = true
		case word == "~":
			return c.Errorf(`empty regex in "%s"`, word)
		case word[0] == '~':
			re, err := regex.Compile(word[1:], true)
			if err != nil {
				return c.Errorf("%s", err.Error())
			}
			l.regexes = append(l.regexes, re)
		default:
			name, path := word, ""
			if i := strings.IndexByte(word, '/'); i >= 0 {
				name, path = word[:i], word[i:]
			}
			if msg := l.add(name, path); msg != "" {
				return c.Errorf("%s", msg)
			}
		}
	}
	return nil
}

// add adds a host name; a message says why it is refused.
func (l *list) add(name, path string) string {
	switch err := l.builder.Add(name, []byte(path)); {
	case err == nil:
		l.some = true
		l.keys = append(l.keys, strings.ToLower(name))
		return ""
	case errors.Is(err, route.ErrConflict):
		return `conflicting parameter "` + strings.ToLower(name) + `"`
	default:
		return `invalid hostname or wildcard "` + name + `"`
	}
}

// listError is a refused list, in nginx's words.
type listError string

func (e listError) Error() string { return string(e) }

// finish adds the server's names and takes over the outer block's expressions.
func (l *list) finish(s *httpd.Server, outer *list) error {
	if l.serverNames && s != nil {
		names, regexes := s.Names()
		l.hostRegexes = regexes
		for _, n := range names {
			if msg := l.add(n, ""); msg != "" {
				return listError(msg)
			}
		}
	}
	if (l.none || l.blocked) && !l.some {
		return conf.Unlocated(`the "none" or "blocked" referers are specified in the "valid_referers" directive ` +
			"without any valid referer")
	}
	if l.some {
		l.names = l.builder.Build()
	}
	if outer != nil && l.regexes == nil {
		l.regexes = outer.regexes
	}
	if outer != nil && l.hostRegexes == nil {
		l.hostRegexes = outer.hostRegexes
	}
	return nil
}

// maxHost is the longest host name that is looked up.
const maxHost = 256

// allocator gives memory that lives as long as the request.
type allocator interface{ Alloc(n int) []byte }

// valid judges a referrer; given is false when there is none.
func (l *list) valid(ref []byte, given bool, a allocator) bool {
	if l.names == nil && l.regexes == nil && l.hostRegexes == nil {
		return true
	}
	if !given {
		return l.none
	}
	rest, ok := cutScheme(ref)
	if !ok {
		return l.blocked
	}
	n := 0
	for n < len(rest) && rest[n] != '/' && rest[n] != ':' {
		n++
	}
	if n > maxHost {
		return false
	}
	host := h1.AppendLower(a.Alloc(n)[:0], rest[:n])
	if l.names != nil {
		if path, _, _, ok := l.names.Lookup(host, nil); ok {
			for n < len(rest) && rest[n] != '/' {
				n++
			}
			return bytes.HasPrefix(rest[n:], path)
		}
	}
	return anyMatch(l.hostRegexes, host) || anyMatch(l.regexes, rest)
}

// cutScheme takes off http:// or https://; a referrer without them has been
// cut down by something on its way.
func cutScheme(ref []byte) (rest []byte, ok bool) {
	switch {
	case len(ref) < len("http://i.ru"):
		return nil, false
	case h1.EqualFold(ref[:7], "http://"):
		return ref[7:], true
	case h1.EqualFold(ref[:8], "https://"):
		return ref[8:], true
	}
	return nil, false
}

func anyMatch(list []*regex.Regex, b []byte) bool {
	for _, re := range list {
		if re.Match(b) {
			return true
		}
	}
	return false
}
