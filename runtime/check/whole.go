package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// syntax places an error of the language itself.
func (c *checker) syntax(r *Problem, n *conf.Node) {
	e := n.Err
	r.Message = e.Msg
	r.place(span{e.File, e.Pos.Offset, e.Pos.Offset + 1})
	if e.Opened.Line > 0 {
		what := "quote"
		if strings.HasSuffix(e.Msg, `expecting "}"`) {
			what = "block"
		}
		r.Hint = "the " + what + " that was opened in line " + itoa(e.Opened.Line) + " is never closed"
		r.place(span{e.File, e.Opened.Offset, e.Opened.Offset + 1})
	}
}

// search places a message that the loader has no statement for: at the one of
// the line that it names, or of all files, that has a word which it quotes, and
// whose own name it mentions. Of several that fit alike it is the last: what was
// repeated is wrong where it is repeated. It returns that statement.
func (c *checker) search(r *Problem, file string, line int) (at *conf.Node) {
	best := 0
	visit(c.in.Loader.Nodes, func(n *conf.Node) {
		if n.Err != nil || file != "" && (n.File.Path != file || n.Line != line) {
			return
		}
		score, where := 0, words(n, n.Name, lastWord(n))
		for w := range quotedWords(r.Message) {
			for _, a := range n.Args {
				if w != "" && a.Value == w {
					score, where = 2, word(n, a)
				}
			}
		}
		if file != "" {
			score++
		}
		if score > 0 && strings.Contains(r.Message, strings.ReplaceAll(n.Name.Value, "_", " ")) {
			score++
		}
		if score > 0 && score >= best {
			best, at = score, n
			r.Directive, r.seq = n.Name.Value, n.Seq
			r.place(where)
		}
	})
	if at == nil && file != "" {
		r.place(c.lineSpan(file, line))
	}
	return at
}

// variables tells of the variables that nothing defines, at each of their uses.
// A variable that a statement which was left out would have made is not one.
func (c *checker) variables() {
	for _, name := range c.unknown {
		if c.more {
			return
		}
		if !c.undefined(name) {
			continue
		}
		p := Problem{
			Severity: Error, Message: unknownVariable(name),
			Suggestions: Nearest(name, c.in.Variables), Hint: variableHint(name),
		}
		used := false
		visit(c.nodes, func(n *conf.Node) {
			for _, a := range n.Args {
				for _, at := range uses(a.Raw, name) {
					q := p
					q.Directive, q.seq = n.Name.Value, n.Seq
					q.place(span{n.File, a.Start.Offset + at[0], a.Start.Offset + at[1]})
					c.add(q)
					used = true
				}
			}
		})
		if !used {
			c.add(p)
		}
	}
}

// unknownVariable is nginx's message about a variable that nothing defines, or
// ours about one that nginx would define.
func unknownVariable(name string) string {
	if conf.HasVariable("http", name) {
		return `the "` + name + `" variable is known to nginx but not supported here`
	}
	return `unknown "` + name + `" variable`
}

// aboutVariable reports whether a message is one of those of unknownVariable.
func aboutVariable(text string) bool {
	return strings.HasPrefix(text, `unknown "`) && strings.HasSuffix(text, `" variable`) ||
		strings.HasPrefix(text, `the "`) && strings.HasSuffix(text, `" variable is known to nginx but not supported here`)
}

// variableHint tells whose a variable is that nginx has.
func variableHint(name string) string {
	if name == "memcached_key" {
		return "memcached_pass looks up what $memcached_key holds: set it before, as with set $memcached_key $uri"
	}
	for _, v := range conf.Variables() {
		if v.Name != name && (!v.Prefix || !strings.HasPrefix(name, v.Name)) {
			continue
		}
		if v.Subsystem == "stream" {
			return "a variable of stream, in " + v.Module
		}
		return "it is part of " + v.Module + " and missing in this build"
	}
	return ""
}

// uses finds $name and ${name} in a word; names know no case.
func uses(text, name string) (out [][2]int) {
	lower := strings.ToLower(text)
	for i := 0; i < len(lower); i++ {
		if lower[i] != '$' {
			continue
		}
		rest, open := lower[i+1:], 1
		if strings.HasPrefix(rest, "{") {
			rest, open = rest[1:], 2
		}
		if !strings.HasPrefix(rest, name) || len(rest) > len(name) && isName(rest[len(name)]) {
			continue
		}
		end := i + open + len(name)
		if open == 2 {
			end = min(end+1, len(text))
		}
		out = append(out, [2]int{i, end})
	}
	return out
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// missingFile offers files with a similar name.
func (c *checker) missingFile(r *Problem, n *conf.Node) {
	var path string
	for w := range quotedWords(r.Message) {
		path = w
		break
	}
	if !strings.Contains(r.Message, "(2: ") || path == "" {
		return
	}
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		r.Hint = "there is no folder " + strings.TrimSuffix(dir, "/")
		return
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	r.Suggestions = Nearest(base, names)
	if len(n.Args) > 0 && !strings.HasPrefix(n.Args[0].Value, "/") {
		r.Hint = "a relative name; the whole one is " + path
	}
}

// static checks the statements inside of a block that was left out by name,
// place and number of arguments.
func (c *checker) static(n *conf.Node, in conf.Context) {
	name := n.Name.Value
	if len(c.in.Loader.Named(name)) == 0 && n.IsBlock {
		name = append(Nearest(name, c.legal(in)), "")[0] // what was meant, most likely
	}
	inner := innerContext(name, in)
	if inner == 0 || n.Err != nil {
		return
	}
	for _, child := range n.Children {
		if text := c.fault(child, inner); text != "" {
			r, _ := c.describe(&conf.Problem{Severity: conf.Emerg, Text: text, Node: child, In: inner})
			r.seq = child.Seq
			c.add(r)
		}
		c.static(child, inner)
	}
}

// fault is nginx's message about a statement in a kind of block, "" for none.
func (c *checker) fault(n *conf.Node, in conf.Context) string {
	if n.Err != nil {
		return n.Err.Msg
	}
	name := n.Name.Value
	specs := c.in.Loader.Named(name)
	if len(specs) == 0 {
		return `unknown directive "` + name + `"`
	}
	i := slices.IndexFunc(specs, func(s *conf.Spec) bool { return s.Contexts&in != 0 })
	switch {
	case i < 0 && !slices.ContainsFunc(specs, func(s *conf.Spec) bool { return !s.Plus }):
		return `unknown directive "` + name + `"`
	case i < 0:
		return `"` + name + `" directive is not allowed here`
	case specs[i].Block && !n.IsBlock:
		return `directive "` + name + `" has no opening "{"`
	case !specs[i].Block && n.IsBlock:
		return `directive "` + name + `" is not terminated by ";"`
	case !specs[i].Allows(len(n.Args)):
		return `invalid number of arguments in "` + name + `" directive`
	}
	return ""
}

// innerContext is the kind of block that a directive opens.
func innerContext(name string, in conf.Context) conf.Context {
	switch name {
	case "events":
		return conf.Events
	case "http":
		return conf.HTTP
	case "location":
		return conf.Location
	case "limit_except":
		return conf.LimitExcept
	case "stream":
		return conf.Stream
	case "mail":
		return conf.Mail
	case "server":
		switch in {
		case conf.Stream:
			return conf.StreamServer
		case conf.Mail:
			return conf.MailServer
		case conf.Upstream, conf.StreamUpstream:
			return 0
		}
		return conf.Server
	case "upstream":
		if in == conf.Stream {
			return conf.StreamUpstream
		}
		return conf.Upstream
	case "if":
		if in == conf.Server {
			return conf.ServerIf
		}
		return conf.LocationIf
	}
	return 0
}
