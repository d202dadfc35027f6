package route

import "strings"

// Verdict is what became of a location that a URI could have gone to.
type Verdict uint8

// The verdicts.
const (
	// Chosen is the location that Find returns, and those around it.
	Chosen Verdict = iota
	// Shorter: it matches, and a longer prefix does, too.
	Shorter
	// Overridden: the longest prefix, which an expression was preferred to.
	Overridden
	// Mismatch: an expression that was tried and does not match.
	Mismatch
	// Late: an expression that would match, behind one that did.
	Late
	// Barred: an expression that would match, and was not tried because the
	// longest prefix is marked ^~.
	Barred
	// Needless: a location that would match, but an exact one ended the search.
	Needless
)

// Candidate is a location that was considered, see [Locations.Consider].
type Candidate[T any] struct {
	*Location[T]
	Depth   int // how many locations lie around it
	Verdict Verdict
}

// Consider returns all locations that uri matches, and the expressions that
// were tried in vain, in the order in which Find meets them, the blocks inside
// of a location behind it. It is for explanations, and slow.
func (l *Locations[T]) Consider(uri []byte) []Candidate[T] {
	if l == nil {
		return nil
	}
	list, _ := l.consider(uri, 0, Chosen)
	return list
}

// consider lists the candidates of one table. lost is why none of them can be
// chosen, Chosen where that is open. The outcome is that of find.
func (l *Locations[T]) consider(uri []byte, depth int, lost Verdict) (list []Candidate[T], out outcome) {
	at, how := l.tree.find(uri)
	list = l.shorter(string(uri), at, depth, lost)
	self := len(list)
	later := lost // why the expressions of this table cannot be chosen
	if at >= 0 {
		loc := &l.all[at]
		list = append(list, Candidate[T]{loc, depth, lost})
		var inner []Candidate[T]
		if how == foundPrefix {
			out = again
			if loc.Nested != nil {
				inner, out = loc.Nested.consider(uri, depth+1, lost)
				list = append(list, inner...)
				out = max(out, again)
			}
		} else {
			out = final
		}
		switch {
		case lost != Chosen:
		case out == final && how == foundPrefix && decidedByRegex(inner):
			later = Late
		case out == final:
			later = Needless
		case loc.NoRegex:
			later = Barred
		}
	}
	found, rest := l.expressions(uri, depth, later)
	if found && later == Chosen {
		for i := range list[self:] { // the choice is taken back
			if c := &list[self+i]; c.Verdict == Chosen {
				c.Verdict = Overridden
			}
		}
		out = final
	}
	return append(list, rest...), out
}

// decidedByRegex reports whether the innermost of the chosen is an expression.
func decidedByRegex[T any](list []Candidate[T]) (yes bool) {
	for i := range list {
		if list[i].Verdict == Chosen {
			yes = list[i].Regex != nil
		}
	}
	return yes
}

// shorter lists the prefixes of uri, and exact names of it, other than the
// location at.
func (l *Locations[T]) shorter(uri string, at int32, depth int, lost Verdict) (list []Candidate[T]) {
	for i := range l.all {
		loc := &l.all[i]
		if loc.Regex != nil || loc.Named || loc.Exact || int32(i) == at || !strings.HasPrefix(uri, loc.Name) {
			continue
		}
		v := Shorter
		if at >= 0 && l.all[at].Exact && loc.Name == l.all[at].Name {
			v = Needless
		}
		if lost != Chosen {
			v = lost
		}
		list = append(list, Candidate[T]{loc, depth, v})
	}
	return list
}

// expressions lists those of one table. found: one of them matches.
func (l *Locations[T]) expressions(uri []byte, depth int, lost Verdict) (found bool, list []Candidate[T]) {
	for _, i := range l.regexes {
		loc := &l.all[i]
		_, ok, err := loc.Regex.Exec(uri, nil)
		switch {
		case err != nil:
			return true, append(list, Candidate[T]{loc, depth, Mismatch})
		case !ok && lost == Chosen && !found:
			list = append(list, Candidate[T]{loc, depth, Mismatch})
		case !ok:
		case lost != Chosen:
			found = true
			list = append(list, Candidate[T]{loc, depth, lost})
		case found:
			list = append(list, Candidate[T]{loc, depth, Late})
		default:
			found = true
			list = append(list, Candidate[T]{loc, depth, Chosen})
			if loc.Nested != nil {
				inner, _ := loc.Nested.consider(uri, depth+1, Chosen)
				list = append(list, inner...)
			}
		}
	}
	return found, list
}

// NameKind is the kind of a server name.
type NameKind uint8

// The kinds, in the order in which they are looked for.
const (
	ExactName NameKind = iota
	LeadingWildcard
	TrailingWildcard
	RegexName
)

// NameMatch is a server name that a host fits.
type NameMatch[T any] struct {
	Kind NameKind
	// Key is the name, of a wildcard the part without the asterisk and its dot;
	// for an expression its text.
	Key   string
	Value T
}

// Matches returns everything that host fits, the one that Lookup returns first.
// It is for explanations.
func (n *Names[T]) Matches(host []byte) (list []NameMatch[T]) {
	h := string(host)
	if v, ok := n.exact.find(host); ok {
		list = append(list, NameMatch[T]{ExactName, h, v})
	}
	for i := range len(h) {
		if h[i] != '.' {
			continue
		}
		if v, ok := n.head.find(host[i+1:]); ok {
			list = append(list, NameMatch[T]{LeadingWildcard, h[i+1:], v})
		}
	}
	for i := len(h) - 1; i >= 0; i-- {
		if h[i] != '.' {
			continue
		}
		if v, ok := n.tail.find(host[:i]); ok {
			list = append(list, NameMatch[T]{TrailingWildcard, h[:i], v})
		}
	}
	for i := range n.regexes {
		if _, ok, _ := n.regexes[i].re.Exec(host, nil); ok && h != "" {
			list = append(list, NameMatch[T]{RegexName, n.regexes[i].re.String(), n.regexes[i].v})
		}
	}
	return list
}
