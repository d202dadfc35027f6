package route

import "strings"

// Trace goes the way of Find again and tells test of every location that is looked at: the prefixes of uri, the shortest
// first, then the expressions up to the one that matches, each table before those nested in what was found in it. It is
// for debug logs, not for speed.
func (l *Locations[T]) Trace(uri []byte, test func(loc *Location[T])) { l.trace(uri, test) }

// trace reports whether the search is over.
func (l *Locations[T]) trace(uri []byte, test func(loc *Location[T])) bool {
	if l == nil {
		return false
	}
	for n := 1; n <= len(uri); n++ {
		for i := range l.all {
			loc := &l.all[i]
			if loc.Regex == nil && !loc.Named && loc.Name == string(uri[:n]) && (!loc.Exact || n == len(uri)) {
				test(loc)
			}
		}
	}
	noRegex := false
	if at, how := l.tree.find(uri); at >= 0 {
		loc := &l.all[at]
		if how == foundRedirect && strings.HasSuffix(loc.Name, "/") {
			test(loc)
		}
		if how != foundPrefix || loc.Nested.trace(uri, test) {
			return true
		}
		noRegex = loc.NoRegex
	}
	if noRegex {
		return false
	}
	for _, i := range l.regexes {
		loc := &l.all[i]
		test(loc)
		if _, ok, err := loc.Regex.Exec(uri, nil); ok || err != nil {
			loc.Nested.trace(uri, test)
			return true
		}
	}
	return false
}
