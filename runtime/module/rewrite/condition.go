package rewrite

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// condition handles `if (condition) { ... }`.
func (m *module) condition(c *conf.Cmd) error {
	in, err := m.parse(c)
	if err != nil {
		return err
	}
	if c.Block.In(conf.Server) {
		in.inner = m.b.Nameless(c, conf.ServerIf).Block
	} else {
		in.enter = m.b.Nameless(c, conf.LocationIf)
		in.inner = in.enter.Block
	}
	m.add(c, in)
	return nil
}

// words strips the parentheses, which may be words of their own.
func words(c *conf.Cmd) ([]string, error) {
	w := c.Values()
	first, last := 0, len(w)-1
	if !strings.HasPrefix(w[0], "(") {
		return nil, c.Errorf(`invalid condition "%s"`, w[0])
	}
	if w[0] == "(" {
		first++
	} else {
		w[0] = w[0][1:]
	}
	if !strings.HasSuffix(w[last], ")") {
		return nil, c.Errorf(`invalid condition "%s"`, w[last])
	}
	if w[last] == ")" {
		last--
	} else {
		w[last] = w[last][:len(w[last])-1]
	}
	if first > last {
		return nil, c.Errorf(`invalid condition "%s"`, w[first])
	}
	return w[first : last+1], nil
}

// parse reads the forms `$v`, `$v = text`, `$v ~ regex` and `-f path`.
func (m *module) parse(c *conf.Cmd) (in instruction, err error) {
	w, err := words(c)
	if err != nil {
		return in, err
	}
	switch {
	case len(w[0]) > 1 && w[0][0] == '$' && (len(w) == 1 || len(w) == 3):
		in.index = m.b.Vars.Index(w[0][1:])
		if len(w) == 1 {
			in.op = opIfTrue
			return in, nil
		}
		return in, m.compare(c, &in, w[1], w[2])
	case len(w) == 2 && isFileTest(w[0]):
		in.op, in.negate, in.file = opIfFile, w[0][0] == '!', w[0][len(w[0])-1]
		return in, m.text(c, &in, w[1])
	}
	return in, c.Errorf(`invalid condition "%s"`, w[0])
}

func isFileTest(w string) bool {
	w = strings.TrimPrefix(w, "!")
	return len(w) == 2 && w[0] == '-' && strings.IndexByte("fdex", w[1]) >= 0
}

// compare reads an operator and what stands to its right.
func (m *module) compare(c *conf.Cmd, in *instruction, operator, right string) error {
	in.negate = operator[:min(1, len(operator))] == "!"
	switch strings.TrimPrefix(operator, "!") {
	case "=":
		in.op = opIfEqual
		return m.text(c, in, right)
	case "~", "~*":
		re, err := m.b.Regex(c, right, strings.HasSuffix(operator, "*"))
		in.op, in.re = opIfMatch, re
		return err
	}
	return c.Errorf(`unexpected "%s" in condition`, operator)
}

func (m *module) text(c *conf.Cmd, in *instruction, s string) error {
	v, err := m.b.Vars.Compile(s)
	if err != nil {
		return c.Errorf("%s", err.Error())
	}
	in.value = v
	return nil
}
