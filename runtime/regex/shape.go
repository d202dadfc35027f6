package regex

import (
	"bytes"
	"strings"
)

// Limits of what is spelled out.
const (
	maxTexts    = 32
	maxTextSize = 256
)

// speller lists the strings that a node matches. It notes whether there were letters in any case and letters in one.
type speller struct{ folded, exact bool }

// spell lists the strings that n matches, in order of preference; ok false if they are too many.
func (sp *speller) spell(n *node) (texts []string, ok bool) {
	switch n.kind {
	case kEmpty:
		return []string{""}, true
	case kChar:
		sp.folded = sp.folded || n.fold
		sp.exact = sp.exact || !n.fold && isLetter(n.c)
		return []string{string([]byte{n.c})}, true
	case kSet:
		return sp.spellSet(n.set)
	case kCapture:
		return sp.spell(n.subs[0])
	case kConcat:
		texts = []string{""}
		for _, sub := range n.subs {
			more, ok := sp.spell(sub)
			if !ok {
				return nil, false
			}
			if texts = product(texts, more); texts == nil {
				return nil, false
			}
		}
		return texts, true
	case kAlt:
		for _, sub := range n.subs {
			more, ok := sp.spell(sub)
			if texts = append(texts, more...); !ok || len(texts) > maxTexts {
				return nil, false
			}
		}
		return texts, true
	case kRepeat:
		return sp.spellRepeat(n)
	}
	return nil, false
}

func (sp *speller) spellSet(set *byteSet) (texts []string, ok bool) {
	if set.count() > 4 {
		return nil, false
	}
	for c, in := range set {
		if in {
			sp.exact = sp.exact || isLetter(byte(c))
			texts = append(texts, string([]byte{byte(c)}))
		}
	}
	return texts, true
}

func (sp *speller) spellRepeat(n *node) (texts []string, ok bool) {
	if n.mode == possessive || n.max == unbounded || n.max > 4 {
		return nil, false
	}
	one, ok := sp.spell(n.subs[0])
	if !ok {
		return nil, false
	}
	power := []string{""}
	for i := 0; i <= n.max; i++ {
		if i >= n.min {
			if n.mode == lazy {
				texts = append(texts, power...)
			} else {
				texts = append(append([]string{}, power...), texts...)
			}
		}
		if power = product(power, one); power == nil || len(texts) > maxTexts {
			return nil, false
		}
	}
	return texts, true
}

// product joins every a with every b; nil if that is too much.
func product(a, b []string) []string {
	if len(a)*len(b) > maxTexts {
		return nil
	}
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > maxTextSize {
				return nil
			}
			out = append(out, x+y)
		}
	}
	return out
}

// spelled lists the strings of a sequence of nodes.
func spelled(subs []*node) (literals, bool) {
	var sp speller
	texts, ok := sp.spell(&node{kind: kConcat, subs: subs})
	if !ok || sp.folded && sp.exact {
		return literals{}, false
	}
	return newLiterals(texts, sp.folded), true
}

// sequence returns the parts of a concatenation, with groups at its top opened.
func sequence(n *node) []*node {
	if n.kind == kCapture {
		n = n.subs[0]
	}
	if n.kind == kConcat {
		return n.subs
	}
	return []*node{n}
}

// prefixOf lists the strings with which every match of n begins, after assertions of its start.
func prefixOf(n *node) (l literals) {
	subs := sequence(n)
	from := 0
	for from < len(subs) && subs[from].kind == kAssert && subs[from].n <= atLineStart {
		from++
	}
	for to := from + 1; to <= len(subs); to++ {
		more, ok := spelled(subs[from:to])
		if !ok || len(more.texts) > 4 {
			break
		}
		l = more
	}
	if !l.known() {
		return literals{}
	}
	l.aim(false)
	return l
}

// suffixOf lists the strings with which every match of n, which ends at the end of the subject, ends.
func suffixOf(n *node) (l literals) {
	subs := sequence(n)
	to := len(subs) - 1
	if to < 0 || subs[to].kind != kAssert {
		return literals{}
	}
	for from := to - 1; from >= 0; from-- {
		more, ok := spelled(subs[from:to])
		if !ok {
			break
		}
		l = more
	}
	if !l.known() {
		return literals{}
	}
	l.aim(true)
	return l
}

// shapeKind says which string test a pattern amounts to.
type shapeKind uint8

const (
	shapeNone   shapeKind = iota // none, the machine is needed
	shapeAll                     // ^ or nothing: always
	shapePrefix                  // ^literals
	shapeSuffix                  // literals$
	shapeExact                   // ^literals$
	shapeFind                    // one literal, anywhere
)

// shape is a pattern as a string test.
type shape struct {
	kind shapeKind
	lits literals
	text []byte // of shapeFind
	hard bool   // the end is \z: no newline may follow
}

func newShape(root *node) (sh shape) {
	subs := sequence(root)
	if len(subs) > 0 && subs[0].kind == kAssert && subs[0].n == atStart {
		sh.kind = shapePrefix
		subs = subs[1:]
	}
	if n := len(subs); n > 0 && subs[n-1].kind == kAssert && (subs[n-1].n == atEnd || subs[n-1].n == atEndLine) {
		sh.hard = subs[n-1].n == atEnd
		subs = subs[:n-1]
		if sh.kind == shapePrefix {
			sh.kind = shapeExact
		} else {
			sh.kind = shapeSuffix
		}
	}
	var ok bool
	if sh.lits, ok = spelled(subs); !ok {
		return shape{}
	}
	switch sh.kind {
	case shapeNone:
		if len(sh.lits.texts) != 1 || sh.lits.fold {
			return shape{}
		}
		sh.kind = shapeFind
		sh.text = []byte(sh.lits.texts[0])
		if len(sh.text) == 0 {
			sh.kind = shapeAll
		}
	case shapePrefix:
		if len(sh.lits.texts) == 1 && sh.lits.texts[0] == "" {
			sh.kind = shapeAll
		}
	case shapeSuffix, shapeExact:
		for _, t := range sh.lits.texts {
			if strings.HasSuffix(t, "\n") || t == "" && sh.kind == shapeSuffix {
				return shape{}
			}
		}
	}
	sh.lits.aim(sh.kind == shapeSuffix || sh.kind == shapeExact)
	return sh
}

// match returns where s matches.
func (sh *shape) match(s []byte) (from, to int, ok bool) {
	switch sh.kind {
	case shapeAll:
		return 0, 0, true
	case shapePrefix:
		n := sh.lits.atStart(s)
		return 0, n, n >= 0
	case shapeFind:
		i := bytes.Index(s, sh.text)
		return i, i + len(sh.text), i >= 0
	}
	if n := len(s); !sh.hard && n > 0 && s[n-1] == '\n' {
		s = s[:n-1]
	}
	from = sh.lits.atEnd(s)
	return from, len(s), from >= 0 && (sh.kind == shapeSuffix || from == 0)
}
