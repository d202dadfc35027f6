package lint

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// taint is what the client can do to a value.
type taint struct {
	client  bool // the client chooses it
	newline bool // it can hold a line feed
	slash   bool // it can hold / ? # and so end the name of a host
}

func (t taint) or(u taint) taint {
	return taint{t.client || u.client, t.newline || u.newline, t.slash || u.slash}
}

func (t taint) and(u taint) taint {
	return taint{t.client && u.client, t.newline && u.newline, t.slash && u.slash}
}

// The kinds of what comes from a client. The URI as nginx decodes it can hold
// anything; what stands in a header or in the request line as it was sent cannot
// hold the end of a line.
var (
	decoded  = taint{client: true, newline: true, slash: true}
	asSent   = taint{client: true, slash: true}
	hostName = taint{client: true}
)

// builtin are the variables of nginx that a client has a hand in.
var builtin = map[string]taint{
	"uri": decoded, "document_uri": decoded, "request_filename": decoded, "fastcgi_script_name": decoded,
	"fastcgi_path_info": decoded, "request_uri": asSent, "request": asSent, "args": asSent, "query_string": asSent,
	"request_body": decoded, "remote_user": asSent, "content_type": asSent, "proxy_add_x_forwarded_for": asSent,
	"host": hostName, "ssl_server_name": hostName, "request_method": hostName,
}

// families are those whose names begin so.
var families = []string{"arg_", "http_", "cookie_"}

// definition is one way in which a variable gets its value: a text with
// variables, or a group of a regular expression matched against one.
type definition struct {
	text   string
	source string // what the captures of text come from, by regular expression
	regex  string
	group  string // the name of the capture, where that is the value
}

// variables are those that the configuration makes.
type variables struct {
	defs map[string][]definition
}

// collect finds the definitions of all variables.
func collect(p *pass) *variables {
	v := &variables{defs: map[string][]definition{}}
	for _, s := range p.scopes {
		if s.in(conf.Location) && s.match().regex() {
			v.groups(s.match().text, "$uri")
		}
		for _, n := range s.nodes {
			if n.Err == nil {
				v.statement(s, n)
			}
		}
	}
	return v
}

// statement takes the variables that n makes.
func (v *variables) statement(s *scope, n *conf.Node) {
	switch n.Name.Value {
	case "set", "auth_request_set":
		source, regex := captures(s, n)
		v.add(arg(n, 0), definition{text: arg(n, 1), source: source, regex: regex})
	case "rewrite":
		v.groups(arg(n, 0), "$uri")
	case "if":
		if w := condition(n); len(w) > 2 && isRegex(w[1]) {
			v.groups(w[2], w[0])
		}
	case "server_name":
		for _, a := range n.Args {
			if re, ok := strings.CutPrefix(a.Value, "~"); ok {
				v.groups(re, "$host")
			}
		}
	case "map":
		v.add(arg(n, 1), definition{})
		for _, item := range n.Children {
			d := definition{text: arg(item, 0)}
			if re, ok := strings.CutPrefix(item.Name.Value, "~"); ok {
				d.source, d.regex = arg(n, 0), strings.TrimPrefix(re, "*")
				v.groups(d.regex, d.source)
			}
			v.add(arg(n, 1), d)
		}
	}
}

func (v *variables) add(name string, d definition) {
	name = strings.ToLower(strings.TrimPrefix(name, "$"))
	v.defs[name] = append(v.defs[name], d)
}

// groups adds the named captures of a regular expression.
func (v *variables) groups(regex, source string) {
	for _, name := range groupNames(regex) {
		v.add(name, definition{source: source, regex: regex, group: name})
	}
}

// captures finds what $1 to $9 are in a statement of s: the regular expression
// that is matched last before it, and what it is matched against.
func captures(s *scope, n *conf.Node) (source, regex string) {
	if n.Name.Value == "rewrite" {
		return "$uri", arg(n, 0)
	}
	for ; s != nil; s = s.parent {
		for _, m := range slices.Backward(s.nodes) {
			if m.Seq < n.Seq && m.Err == nil && m.Name.Value == "rewrite" {
				return "$uri", arg(m, 0)
			}
		}
		if s.in(conf.ServerIf | conf.LocationIf) {
			if w := condition(s.node); len(w) > 2 && isRegex(w[1]) {
				return w[0], w[2]
			}
		}
		if s.in(conf.Location) {
			if m := s.match(); m.regex() {
				return "$uri", m.text
			}
		}
	}
	return "", ""
}

// reference is a variable in a text.
type reference struct {
	name       string // lower case; a digit for a capture
	start, end int    // of it in the text, the dollar included
}

// references finds the variables of a text.
func references(text string) (out []reference) {
	for i := 0; i < len(text); i++ {
		if text[i] != '$' {
			continue
		}
		j := i + 1
		braced := j < len(text) && text[j] == '{'
		if braced {
			j++
		}
		from := j
		for j < len(text) && isName(text[j]) {
			j++
			if j == from+1 && text[from] >= '1' && text[from] <= '9' {
				break
			}
		}
		if j == from {
			continue
		}
		r := reference{strings.ToLower(text[from:j]), i, j}
		if braced && j < len(text) && text[j] == '}' {
			r.end++
		}
		out = append(out, r)
	}
	return out
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// of is the taint of a variable; source and regex are what its captures are of.
func (v *variables) of(name, source, regex string) taint {
	return v.resolve(name, source, regex, nil)
}

// resolve is of; busy are the variables that are being worked out.
func (v *variables) resolve(name, source, regex string, busy []string) taint {
	if len(name) == 1 && name[0] >= '1' && name[0] <= '9' {
		if regex == "" {
			return taint{}
		}
		return v.text(source, "", "", busy).and(groupTaint(regex, name))
	}
	if slices.Contains(busy, name) {
		return taint{}
	}
	if defs, ok := v.defs[name]; ok {
		busy = append(busy[:len(busy):len(busy)], name)
		var t taint
		for _, d := range defs {
			if d.group != "" {
				t = t.or(v.text(d.source, "", "", busy).and(groupTaint(d.regex, d.group)))
				continue
			}
			t = t.or(v.text(d.text, d.source, d.regex, busy))
		}
		return t
	}
	if t, ok := builtin[name]; ok {
		return t
	}
	for _, prefix := range families {
		if strings.HasPrefix(name, prefix) {
			return asSent
		}
	}
	return taint{}
}

// text is the taint of a text with variables.
func (v *variables) text(text, source, regex string, busy []string) (t taint) {
	for _, r := range references(text) {
		t = t.or(v.resolve(r.name, source, regex, busy))
	}
	return t
}

// worst finds the first variable of a text for which bad holds.
func (p *pass) worst(s *scope, n *conf.Node, text string, bad func(taint) bool) (reference, bool) {
	source, regex := captures(s, n)
	for _, r := range references(text) {
		if bad(p.vars.of(r.name, source, regex)) {
			return r, true
		}
	}
	return reference{}, false
}
