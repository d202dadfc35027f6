package ssi

import (
	"bytes"
	"errors"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/regex"
)

// startIf begins an if command.
func (f *filter) startIf(v *values) error {
	if f.in != outside {
		f.problem(`the "if" command inside the "if" command`)
		return errCommand
	}
	return f.branch(v)
}

// branch decides about the part behind if or elif.
func (f *filter) branch(v *values) error {
	if f.chosen {
		f.output = false
		return nil
	}
	holds, err := f.holds(v[0])
	if err != nil {
		return err
	}
	f.output, f.chosen, f.in = holds, holds, inIf
	return nil
}

func (f *filter) otherwise(*values) error {
	f.output, f.in = !f.chosen, inElse
	return nil
}

func (f *filter) endIf(*values) error {
	f.output, f.chosen, f.in = true, false, outside
	return nil
}

// holds evaluates an expression: a text, or two with = or != between them, of
// which the second may be a regular expression.
func (f *filter) holds(expr []byte) (bool, error) {
	n := 0
	for n < len(expr) && (isName(expr[n]) || bytes.IndexByte([]byte(`${}"'`), expr[n]) >= 0) {
		n++
	}
	lower(expr[:n])
	rest := bytes.TrimLeft(expr[n:], " ")
	written := f.r.Copy(expr)
	left, err := f.evaluate(expr[:n], false)
	if err != nil {
		return false, err
	}
	if len(rest) == 0 {
		return len(left) > 0, nil
	}
	negative := rest[0] == '!'
	switch {
	case rest[0] == '=':
		rest = rest[1:]
	case negative && len(rest) > 1 && rest[1] == '=':
		rest = rest[2:]
	default:
		return false, f.invalid(written)
	}
	rest = bytes.TrimLeft(rest, " ")
	isRegex := len(rest) > 1 && rest[0] == '/'
	switch {
	case isRegex && rest[len(rest)-1] != '/':
		return false, f.invalid(written)
	case isRegex:
		rest = rest[1 : len(rest)-1]
	case len(rest) > 1 && rest[0] == '\\' && rest[1] == '/':
		rest = rest[1:]
	}
	right, err := f.evaluate(rest, false)
	if err != nil {
		return false, err
	}
	equal := bytes.Equal(left, right)
	if isRegex {
		if equal, err = f.match(right, left); err != nil {
			return false, err
		}
	}
	return equal != negative, nil
}

func (f *filter) invalid(expr []byte) error {
	f.problem(`invalid expression in "%s"`, expr)
	return errCommand
}

// match matches a subject and notes what was captured.
func (f *filter) match(pattern, subject []byte) (bool, error) {
	re, err := regex.Compile(string(pattern), false)
	if err != nil {
		f.problem("%s", err.Error())
		return false, errCommand
	}
	caps, ok, err := re.Exec(subject, nil)
	var limit regex.MatchError
	if errors.As(err, &limit) {
		f.r.Logf(errlog.Alert, nil, `%s on "%s" using "%s"`, limit.Error(), subject, pattern)
		return false, errCommand
	}
	if !ok {
		return false, nil
	}
	for len(caps) > 2 && caps[len(caps)-2] < 0 {
		caps = caps[:len(caps)-2] // as PCRE counts them
	}
	s := f.common
	s.captured, s.captures = subject, caps
	for _, g := range re.Names() {
		var value []byte
		if 2*g.Group < len(caps) {
			value = s.group(2 * g.Group)
		}
		s.set(lower([]byte(g.Name)), value)
	}
	return true, nil
}
