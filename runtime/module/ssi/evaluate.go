package ssi

import (
	"bytes"
	"errors"
)

// variable returns the value of a variable of the documents or of the server.
// name is in lower case.
func (f *filter) variable(name []byte) ([]byte, bool) {
	if v := f.common.lookup(name); v != nil {
		return *v, true
	}
	return f.r.LookupName(string(name))
}

// errDate ends a response: nginx cannot compute a variable whose value is a
// date in an empty format.
var errDate = errors.New("ssi: empty date")

// evaluate returns text with its variables replaced and backslashes taken away
// from \, ', " and $. relative puts the folder of the document in front of what
// does not begin with a slash. The result lives as long as the request; text is
// not used any more.
func (f *filter) evaluate(text []byte, relative bool) ([]byte, error) {
	var out []byte
	for rest := text; len(rest) > 0; {
		if rest[0] != '$' {
			part, n := unescape(rest)
			out, rest = append(out, part...), rest[n:]
			continue
		}
		name, n, err := f.scanName(rest, text)
		if err != nil {
			return nil, err
		}
		rest = rest[n:]
		value, ok := f.variable(lower(name))
		if !ok && (string(name) == dateLocal || string(name) == dateGMT) {
			return nil, errDate
		}
		if f.common.evaluated += len(value); f.common.evaluated > maxEvaluated {
			f.problem(`too much SSI text in "%s"`, text)
			return nil, errCommand
		}
		out = append(out, value...)
	}
	if relative && (len(out) == 0 || out[0] != '/') && (len(out) > 0 || !bytes.Contains(text, []byte("$"))) {
		folder := f.r.URI[:bytes.LastIndexByte(f.r.URI, '/')+1]
		return f.r.Join(folder, out), nil
	}
	return f.r.Copy(out), nil
}

// unescape reads text up to a variable, in place; n is how much it took.
func unescape(text []byte) (part []byte, n int) {
	part = text[:0]
	quoted := false
	for i, c := range text {
		switch {
		case !quoted && c == '\\':
			quoted = true
			continue
		case !quoted && c == '$':
			return part, i
		case quoted && c != '\\' && c != '\'' && c != '"' && c != '$':
			part = append(part, '\\')
		}
		quoted = false
		part = append(part, c)
	}
	return part, len(text)
}

// scanName reads a variable's name, from its dollar on.
func (f *filter) scanName(s, whole []byte) (name []byte, n int, err error) {
	bracket := 0
	if len(s) > 1 && s[1] == '{' {
		bracket = 1
	}
	from := 1 + bracket
	n = from
	for n < len(s) && isName(s[n]) {
		n++
	}
	name = s[from:n]
	switch {
	case from >= len(s):
		f.problem(`invalid variable name in "%s"`, whole)
		return nil, 0, errCommand
	case bracket == 1 && (n == len(s) || s[n] != '}'):
		f.problem(`the closing bracket in "%s" variable is missing`, name)
		return nil, 0, errCommand
	case len(name) == 0:
		f.problem(`invalid variable name in "%s"`, whole)
		return nil, 0, errCommand
	}
	return name, n + bracket, nil
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
