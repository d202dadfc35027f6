package healthcheck

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// maxBody is how much of a response's body is examined.
const maxBody = 256 << 10

// match is a match block. Immutable once it serves.
type match struct {
	status  []statusTest
	headers []headerTest
	body    []bodyTest
	require []*script.Value
}

// statusTest is a status directive: codes, or none of them.
type statusTest struct {
	not    bool
	ranges [][2]int
}

// headerTest is a header directive.
type headerTest struct {
	name  string
	op    string // "" is there, "!" is not, "=", "!=", "~", "!~"
	value string
	re    *regex.Regex
}

// bodyTest is a body directive.
type bodyTest struct {
	not bool
	re  *regex.Regex
}

// addMatch reads a match block.
func (m *module) addMatch(c *conf.Cmd) error {
	name := c.Arg(0)
	if m.matches[name] != nil {
		return c.Errorf(`duplicate match "%s"`, name)
	}
	n := &match{}
	m.matches[name] = n
	block := c.Block.Child(conf.Match, c.Node)
	m.own.Write(block).match = n
	c.Enter(block)
	return nil
}

// bindMatch binds the directives inside.
func (m *module) bindMatch(cm *conf.Module) {
	of := func(c *conf.Cmd) *match { return m.own.Of(c.Block).match }
	cm.Directive("status", func(c *conf.Cmd) error { return of(c).addStatus(c) })
	cm.Directive("header", func(c *conf.Cmd) error { return of(c).addHeader(m.b, c) })
	cm.Directive("body", func(c *conf.Cmd) error {
		op := c.Arg(0)
		if op != "~" && op != "!~" {
			return c.Errorf(`invalid parameter "%s"`, op)
		}
		re, err := m.b.Regex(c, c.Arg(1), false)
		if err != nil {
			return err
		}
		n := of(c)
		n.body = append(n.body, bodyTest{op == "!~", re})
		return nil
	})
	cm.Directive("require", func(c *conf.Cmd) error {
		n := of(c)
		for i := range c.Args {
			if len(c.Arg(i)) < 2 || c.Arg(i)[0] != '$' {
				return c.Errorf(`invalid variable name "%s"`, c.Arg(i))
			}
			v, err := m.b.Value(c, i)
			if err != nil {
				return err
			}
			n.require = append(n.require, v)
		}
		return nil
	})
}

// addStatus reads `status [!] 200 301-303 ...`.
func (n *match) addStatus(c *conf.Cmd) error {
	var t statusTest
	list := c.Values()
	if list[0] == "!" {
		t.not, list = true, list[1:]
	}
	if len(list) == 0 {
		return c.Errorf(`invalid number of arguments in "status" directive`)
	}
	for _, text := range list {
		from, to, ranged := strings.Cut(text, "-")
		a, ok := conf.ParseInt(from)
		b := a
		if ranged && ok {
			b, ok = conf.ParseInt(to)
		}
		if !ok || a < 100 || b > 999 || a > b {
			return c.Errorf(`invalid status "%s"`, text)
		}
		t.ranges = append(t.ranges, [2]int{a, b})
	}
	n.status = append(n.status, t)
	return nil
}

// addHeader reads the forms of header.
func (n *match) addHeader(b *httpd.Builder, c *conf.Cmd) error {
	t := headerTest{name: c.Arg(0)}
	switch len(c.Args) {
	case 1:
	case 2:
		if t.name != "!" {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
		}
		t.op, t.name = "!", c.Arg(1)
	case 3:
		t.op, t.value = c.Arg(1), c.Arg(2)
		switch t.op {
		case "=", "!=":
		case "~", "!~":
			var err error
			if t.re, err = b.Regex(c, t.value, false); err != nil {
				return err
			}
		default:
			return c.Errorf(`invalid parameter "%s"`, t.op)
		}
	}
	n.headers = append(n.headers, t)
	return nil
}

// limit is how many bytes of the body the tests need.
func (n *match) limit() int {
	if n == nil || len(n.body) == 0 {
		return 0
	}
	return maxBody
}

// test reports whether a response is as it should be. what is what was tested last.
func (n *match) test(r *httpd.Request, p *pass.Response, body []byte) (ok bool, what string) {
	if n == nil {
		return p.Status >= 200 && p.Status < 400, "checking status code"
	}
	for i := range n.status {
		if !n.status[i].fits(p.Status) {
			return false, "checking status code"
		}
	}
	for i := range n.headers {
		if !n.headers[i].fits(p.Fields) {
			return false, "checking header"
		}
	}
	for _, t := range n.body {
		if t.re.Match(body) == t.not {
			return false, "checking body"
		}
	}
	for _, v := range n.require {
		if s := v.Eval(r); len(s) == 0 || string(s) == "0" {
			return false, "checking variables"
		}
	}
	return true, ""
}

func (t *statusTest) fits(code int) bool {
	for _, r := range t.ranges {
		if code >= r[0] && code <= r[1] {
			return !t.not
		}
	}
	return t.not
}

// fits reports whether the fields pass the test: one of those with the name, or for a
// negative test all of them. A test of a value needs a field.
func (t *headerTest) fits(fields []pass.Field) bool {
	there, hit := false, false
	for i := range fields {
		f := &fields[i]
		if !h1.EqualFold(f.Name, t.name) {
			continue
		}
		there = true
		hit = hit || t.re != nil && t.re.Match(f.Value) || t.re == nil && string(f.Value) == t.value
	}
	switch t.op {
	case "":
		return there
	case "!":
		return !there
	case "=", "~":
		return there && hit
	}
	return there && !hit
}
