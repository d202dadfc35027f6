package lint

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// parse reads a regular expression as far as Go's language reaches; nil beyond.
func parse(regex string) *syntax.Regexp {
	re, err := syntax.Parse(regex, syntax.Perl)
	if err != nil {
		return nil
	}
	return re
}

// groupNames are the named captures of a regular expression.
func groupNames(regex string) (names []string) {
	for _, open := range []string{"(?<", "(?P<", "(?'"} {
		for rest := regex; ; {
			i := strings.Index(rest, open)
			if i < 0 {
				break
			}
			rest = rest[i+len(open):]
			end := 0
			for end < len(rest) && isName(rest[end]) {
				end++
			}
			if end > 0 && end < len(rest) && (rest[end] == '>' || rest[end] == '\'') {
				names = append(names, rest[:end])
			}
		}
	}
	return names
}

// groupTaint says what a group lets through.
func groupTaint(regex, name string) taint {
	if parse(regex) == nil {
		return taint{client: true, slash: true} // a dot stops at a line feed
	}
	g := group(regex, name)
	if g == nil {
		return taint{}
	}
	return taint{client: free(g), newline: holds(g, '\n'), slash: holds(g, '/') || holds(g, '?') || holds(g, '#')}
}

// group finds a group by its number or name, nil for none.
func group(regex, name string) *syntax.Regexp {
	re := parse(regex)
	if re == nil {
		return nil
	}
	for _, g := range subs(re) {
		if g.Op == syntax.OpCapture && (g.Name == name || len(name) == 1 && g.Cap == int(name[0]-'0')) {
			return g
		}
	}
	return nil
}

// startsWith reports whether all that an expression matches begins with c.
func startsWith(re *syntax.Regexp, c rune) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return re.Rune[0] == c
	case syntax.OpCapture, syntax.OpConcat, syntax.OpPlus:
		return startsWith(re.Sub[0], c)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !startsWith(sub, c) })
	}
	return false
}

// subs are an expression and all parts of it.
func subs(re *syntax.Regexp) []*syntax.Regexp {
	out := []*syntax.Regexp{re}
	for _, sub := range re.Sub {
		out = append(out, subs(sub)...)
	}
	return out
}

// free reports whether an expression matches more than some words.
func free(re *syntax.Regexp) bool {
	return slices.ContainsFunc(subs(re), func(r *syntax.Regexp) bool {
		switch r.Op {
		case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
			return true
		case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
			return slices.ContainsFunc(subs(r), func(s *syntax.Regexp) bool { return s.Op == syntax.OpCharClass })
		}
		return false
	})
}

// holds reports whether what an expression matches can have c in it.
func holds(re *syntax.Regexp, c rune) bool {
	return slices.ContainsFunc(subs(re), func(r *syntax.Regexp) bool {
		switch r.Op {
		case syntax.OpAnyChar:
			return true
		case syntax.OpAnyCharNotNL:
			return c != '\n'
		case syntax.OpLiteral:
			return slices.Contains(r.Rune, c)
		case syntax.OpCharClass:
			for i := 0; i+1 < len(r.Rune); i += 2 {
				if r.Rune[i] <= c && c <= r.Rune[i+1] {
					return true
				}
			}
		}
		return false
	})
}

// matchesAll reports whether a regular expression matches every path.
func matchesAll(regex string) bool {
	plain := strings.NewReplacer("(?i)", "", "(?:", "", "(", "", ")", "").Replace(regex)
	if strings.Contains(plain, "|") {
		return false
	}
	switch strings.TrimSuffix(strings.TrimPrefix(plain, "^"), "$") {
	case ".*", ".+", "/.*":
		return true
	case "", ".", "/":
		return !strings.HasSuffix(plain, "$") || plain == "$"
	}
	return false
}

// looseDots are the offsets of dots that were meant to be dots: unescaped, and
// with the beginning of a word behind them.
func looseDots(regex string) (at []int) {
	class := false
	for i := 0; i < len(regex); i++ {
		switch c := regex[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
			if strings.HasPrefix(regex[i+1:], "]") || strings.HasPrefix(regex[i+1:], "^]") {
				i += strings.IndexByte(regex[i:], ']')
			}
		case c == '.':
			rest := strings.TrimPrefix(strings.TrimPrefix(regex[i+1:], "("), "?:")
			if rest != "" && isName(rest[0]) {
				at = append(at, i)
			}
		}
	}
	return at
}
