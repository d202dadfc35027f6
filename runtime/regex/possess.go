package regex

import "strings"

// libpcre2 makes a repetition possessive when it concludes that the repeated item cannot match what follows the repetition.
// That saves time and should not change what matches. Between two escapes it decides by a table, and some pairs of that table
// have bytes in common: \R and \s, \R and a dot (which matches CR, VT, FF and NEL), \S and the bytes NEL and NBSP of \v, \R
// and \h. So `\R+\s` does not match "\n\n" with libpcre2. This file makes the same repetitions possessive, for the escapes
// with such a pair; for all others the matches are the same either way.

// possessed holds the rows of the table for these escapes: which escapes, in a place after the repetition, make it possessive.
// A dot stands for \N, too; Z, z and $ are \Z, \z and $, L is $ with m.
var possessed = map[byte]string{
	'S': `sRhvZz$L`,
	'.': `Rz`,
	'R': `dsw.hz`,
	'h': `dSwRHvZz$L`,
	'v': `dSwhVz`,
}

// maxAhead is how many places libpcre2 looks at to find out what can follow an item.
const maxAhead = 1000

// rest is what follows a place in a pattern: the nodes of a sequence, and what follows the group that it is in.
type rest struct {
	nodes []*node
	in    *node // the group that ends behind nodes; nil for one that only joins
	loop  bool  // the group is repeated: it may begin again
	up    *rest
}

// possess makes the repetitions in n possessive that libpcre2 does; next is what follows n.
func (p *parser) possess(n *node, next *rest) {
	if n.grouped {
		next = &rest{up: next, in: n}
	}
	switch n.kind {
	case kConcat:
		for i, sub := range n.subs {
			p.possess(sub, &rest{nodes: n.subs[i+1:], up: next})
		}
	case kRepeat:
		switch sub := n.subs[0]; {
		case possessed[sub.esc] == "" || sub.grouped:
			p.possess(sub, &rest{in: n, loop: n.max != 1, up: next})
		case n.mode != possessive && n.min != n.max:
			p.ahead = maxAhead
			if p.exclusive(sub, n.mode == greedy, next, false) {
				n.mode = possessive
			}
		}
	case kAlt, kCond:
		for _, sub := range n.subs {
			p.possess(sub, next)
		}
	case kCapture, kAtomic, kLook:
		if n.esc == 0 {
			p.possess(n.subs[0], &rest{in: n, up: next})
		}
	}
}

// exclusive reports whether libpcre2 takes it that no match of item begins what comes next. entered says that a group has
// been entered on the way there.
func (p *parser) exclusive(item *node, isGreedy bool, next *rest, entered bool) bool {
	if p.ahead--; p.ahead < 0 {
		return false
	}
	for next != nil {
		if len(next.nodes) == 0 {
			switch in := next.in; {
			case next.loop, in != nil && !isGreedy, in != nil && in.kind == kCapture && p.calls:
				return false
			case in != nil && (in.kind == kAtomic || in.kind == kLook):
				return !entered
			}
			next = next.up
			continue
		}
		n, one := next.nodes[0], next.nodes[0]
		next = &rest{nodes: next.nodes[1:], in: next.in, loop: next.loop, up: next.up}
		if n.kind == kRepeat {
			one = n.subs[0]
		}
		switch {
		case n.kind == kEmpty && n.grouped && !isGreedy:
			return false
		case n.kind == kEmpty, n.kind == kRepeat && n.max == 0:
			continue
		case one.single() && !excludes(item, one), !one.single() && !p.exclusiveGroup(item, isGreedy, n, next):
			return false
		case n.kind != kRepeat || n.min > 0:
			return true
		}
	}
	return isGreedy
}

// exclusiveGroup is exclusive where n comes next, a group or the repetition of one.
func (p *parser) exclusiveGroup(item *node, isGreedy bool, n *node, next *rest) bool {
	in := &rest{nodes: n.subs, in: n, up: next}
	switch n.kind {
	case kConcat, kCapture, kAtomic:
	case kRepeat:
		if in.loop = n.max != 1; n.mode == possessive {
			return false
		}
	case kAlt:
		for _, sub := range n.subs {
			if !p.exclusive(item, isGreedy, &rest{nodes: []*node{sub}, in: n, up: next}, true) {
				return false
			}
		}
		return true
	default:
		return false
	}
	return p.exclusive(item, isGreedy, in, true)
}

// single reports whether n is one character of some kind, a line break, or an end of the subject.
func (n *node) single() bool {
	switch n.kind {
	case kChar, kSet, kRune:
		return true
	case kAssert:
		return n.n == atEnd || n.n == atEndLine || n.n == atLineEnd
	}
	return n.esc != 0
}

// excludes reports whether libpcre2 takes it that nothing is matched by both.
func excludes(item, next *node) bool {
	esc := next.esc
	if next.kind == kAssert {
		esc = map[int]byte{atEnd: 'z', atEndLine: 'Z', atLineEnd: 'L'}[next.n]
	}
	switch {
	case esc != 0:
		return strings.IndexByte(possessed[item.esc], esc) >= 0
	case next.kind == kChar && item.esc != '.':
		return escapeBytes(item.esc).disjoint(next.bytes())
	case next.kind == kSet && item.esc == 'S':
		return escapeBytes(item.esc).disjoint(next.set)
	}
	return false
}

// escapeBytes are the bytes of an escape that has a row in possessed.
func escapeBytes(esc byte) *byteSet {
	c := new(class)
	switch esc {
	case 'S':
		space := new(class)
		space.addShorthand('s', false)
		c.addNegated(space, 255)
	case 'R':
		c.addShorthand('v', false)
	default:
		c.addShorthand(esc, false)
	}
	return c.finish(false).set
}
