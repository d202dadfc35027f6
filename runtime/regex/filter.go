package regex

import (
	"bytes"
	"unicode/utf8"
)

// filter is what must hold for a subject to be worth a try, and where tries make sense.
type filter struct {
	utf      bool     // a match cannot begin within a character
	least    int      // bytes a match has at least
	most     int      // bytes a match that ends at the end of the subject has at most; unbounded if unknown
	anchored bool     // only the start of the subject can be the start of a match
	lines    bool     // only the starts of lines can
	prefix   literals // every match begins with one of these; only if anchored
	suffix   literals // every match ends, before at most a final newline, with one of these
	first    *byteSet // the bytes with which a match can begin; nil: any, or none at all
	lead     []byte   // every match begins with this; nil if it is not known or anchored
	inner    []byte   // every match contains this; nil if that is not known or the other tests say as much
	last     [2]byte  // every match contains one of these, two for a letter in any case; looked for if needed
	needed   bool     // last is known, and the program makes choices, which a look saves
}

func newFilter(p *parser, root *node, sets *byteSets) filter {
	f := filter{utf: p.utf, most: unbounded}
	f.least, _ = widths(root)
	if text := innerOf(root); text != "" {
		f.inner = []byte(text)
	}
	if p.calls || p.backrefs || hasCommit(root) {
		return f
	}
	f.anchored = starts(root, atStart)
	f.lines = starts(root, atLineStart)
	whole, line := startsWithAny(root)
	f.anchored = f.anchored || whole
	f.lines = f.lines || line
	if ends(root) {
		_, f.most = widths(root)
		if !p.utf {
			f.suffix = suffixOf(root)
		}
	}
	prefix := prefixOf(root)
	if f.anchored && !whole {
		f.prefix = prefix
	} else if len(prefix.texts) == 1 && !prefix.fold {
		f.lead = []byte(prefix.texts[0])
	}
	if f.suffix.known() || string(f.inner) == string(f.lead) {
		f.inner = nil
	}
	if f.lead != nil || f.prefix.texts != nil {
		return f // the texts say as much
	}
	if k := firsts(root, anything()); !k.end && k.set.count() < 256 {
		f.first = sets.share(&k.set)
	}
	return f
}

// require has the subject searched for the last byte that a match must contain: without it, or behind it, no attempt is made.
// Patterns without choices and calls are left without: an attempt costs them no more than the look.
func (f *filter) require(root *node, prog *program) {
	n := lastOf(root)
	if n == nil || prog.choices == 0 && !prog.useCaps || f.utf && n.fold {
		return
	}
	f.needed, f.last = true, [2]byte{n.c, n.c}
	if n.fold {
		f.last[1] = otherCase(n.c)
	}
}

// lastOf returns the last character that every match of n contains, nil if none is known.
func lastOf(n *node) *node {
	switch n.kind {
	case kChar:
		return n
	case kCapture, kAtomic:
		return lastOf(n.subs[0])
	case kRepeat:
		if n.min > 0 {
			return lastOf(n.subs[0])
		}
	case kConcat:
		for i := len(n.subs) - 1; i >= 0; i-- {
			if last := lastOf(n.subs[i]); last != nil {
				return last
			}
		}
	case kAlt:
		last := lastOf(n.subs[0])
		for _, sub := range n.subs[1:] {
			other := lastOf(sub)
			if last == nil || other == nil || other.c != last.c || other.fold != last.fold {
				return nil
			}
		}
		return last
	}
	return nil
}

func hasCommit(n *node) bool {
	if n.kind == kCommit {
		return true
	}
	for _, sub := range n.subs {
		if hasCommit(sub) {
			return true
		}
	}
	return false
}

// admits reports whether s can match at all, at the price of a few comparisons.
func (f *filter) admits(s []byte) bool {
	if len(s) < f.least {
		return false
	}
	if f.prefix.texts != nil {
		if f.prefix.atStart(s) < 0 {
			return false
		}
	} else if f.anchored && f.first != nil && (len(s) == 0 || !f.first[s[0]]) {
		return false
	}
	if f.suffix.texts != nil && f.suffix.endOf(s) < 0 {
		return false
	}
	return f.inner == nil || bytes.Contains(s, f.inner)
}

// search tries the places where a match can begin, from left to right.
func (f *filter) search(m *machine) bool {
	s := m.s
	from := 0
	if f.most >= 0 && len(s) > f.most+1 && !f.anchored && !f.lines {
		from = len(s) - f.most - 1
	}
	end := len(s)
	if f.needed {
		if end = bytes.LastIndexByte(s, f.last[0]); f.last[1] != f.last[0] {
			end = max(end, bytes.LastIndexByte(s, f.last[1]))
		}
	}
	for ; ; from++ {
		if from = f.candidate(s, from); from < 0 || from > end {
			return false
		}
		if f.utf && from < len(s) && !utf8.RuneStart(s[from]) {
			continue
		}
		if m.attempt(from) {
			return true
		}
		if m.done || f.anchored {
			return false
		}
		if m.next > from {
			from = m.next - 1
		}
		m.next = -1
	}
}

// candidate returns the first place from which on a match can begin, -1 if there is none.
func (f *filter) candidate(s []byte, from int) int {
	switch {
	case from > len(s)-f.least:
		return -1
	case f.lines && from > 0 && s[from-1] != '\n':
		i := bytes.IndexByte(s[from:], '\n')
		if i < 0 || from+i+1 > len(s)-f.least {
			return -1
		}
		return from + i + 1
	case f.lead != nil:
		i := bytes.Index(s[from:], f.lead)
		if i < 0 {
			return -1
		}
		return from + i
	case f.first != nil:
		for ; from < len(s); from++ {
			if f.first[s[from]] {
				return from
			}
		}
		return -1
	}
	return from
}

// innerOf returns the longest text, in one case, that every match of n contains after what prefixOf may cover.
func innerOf(n *node) string {
	subs := sequence(n)
	for len(subs) > 0 && (subs[0].kind == kAssert && subs[0].n <= atLineStart || subs[0].kind == kChar) {
		subs = subs[1:]
	}
	return longestText(&node{kind: kConcat, subs: subs})
}

// longestText returns the longest text, in one case, that every match of n contains.
func longestText(n *node) (best string) {
	switch n.kind {
	case kChar:
		if !n.fold {
			return string([]byte{n.c})
		}
	case kCapture, kAtomic:
		return longestText(n.subs[0])
	case kRepeat:
		if n.min > 0 {
			return longestText(n.subs[0])
		}
	case kConcat:
		var run []byte
		for _, sub := range n.subs {
			if sub.kind == kChar && !sub.fold {
				run = append(run, sub.c)
				continue
			}
			best = longer(longer(best, string(run)), longestText(sub))
			run = run[:0]
		}
		return longer(best, string(run))
	}
	return ""
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}
