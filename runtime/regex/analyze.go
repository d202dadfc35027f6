package regex

// fixedWidth returns the number of characters that n always matches, -1 if it varies as PCRE2 sees it: branches within
// a group must agree.
func fixedWidth(n *node, capture map[int]*node, depth int) int {
	switch n.kind {
	case kChar, kSet, kRune:
		return 1
	case kConcat:
		total := 0
		for _, sub := range n.subs {
			w := fixedWidth(sub, capture, depth)
			if w < 0 {
				return -1
			}
			total += w
		}
		return total
	case kAlt:
		w := fixedWidth(n.subs[0], capture, depth)
		for _, sub := range n.subs[1:] {
			if fixedWidth(sub, capture, depth) != w {
				return -1
			}
		}
		return w
	case kRepeat:
		if sub := n.subs[0]; sub.kind == kLook && !sub.behind {
			return 0 // however often
		}
		w := fixedWidth(n.subs[0], capture, depth)
		if n.min != n.max || w < 0 {
			return -1
		}
		return w * n.min
	case kCapture, kAtomic:
		return fixedWidth(n.subs[0], capture, depth)
	case kBackref, kCall:
		if depth > 10 || len(n.refs) != 1 || capture[n.n] == nil {
			return -1
		}
		return fixedWidth(capture[n.n], capture, depth+1)
	case kCond:
		if n.cond == condDefine {
			return 0
		}
		yes, no := fixedWidth(n.subs[0], capture, depth), fixedWidth(n.subs[1], capture, depth)
		if yes != no {
			return -1
		}
		return yes
	}
	return 0
}

// widths returns the least and the greatest number of bytes that n matches (unbounded: no limit is known).
func widths(n *node) (least, most int) {
	switch n.kind {
	case kChar, kSet:
		return 1, 1
	case kRune:
		return 1, 4
	case kConcat:
		for _, sub := range n.subs {
			lo, hi := widths(sub)
			least, most = addWidth(least, lo), addWidth(most, hi)
		}
		return max(least, 0), most
	case kAlt:
		least, most = widths(n.subs[0])
		for _, sub := range n.subs[1:] {
			lo, hi := widths(sub)
			least = min(least, lo)
			if most == unbounded || hi == unbounded {
				most = unbounded
			} else {
				most = max(most, hi)
			}
		}
		return least, most
	case kRepeat:
		lo, hi := widths(n.subs[0])
		least = min(lo*n.min, widthLimit)
		switch {
		case n.max == 0 || hi == 0:
			return least, 0
		case n.max == unbounded || hi == unbounded || hi*n.max > widthLimit:
			return least, unbounded
		}
		return least, hi * n.max
	case kCapture, kAtomic:
		return widths(n.subs[0])
	case kBackref, kCall:
		return 0, unbounded
	case kCond:
		if n.cond == condDefine {
			return 0, 0
		}
		return widths(&node{kind: kAlt, subs: n.subs[:2]})
	}
	return 0, 0
}

// widthLimit keeps the arithmetic of widths small.
const widthLimit = 1 << 20

func addWidth(a, b int) int {
	if a == unbounded || b == unbounded || a+b > widthLimit {
		return unbounded
	}
	return a + b
}

// nullable reports whether n may match the empty string.
func nullable(n *node) bool {
	least, _ := widths(n)
	return least == 0
}

// starts reports whether every match of n begins at a place of kind at (atStart, atLineStart).
func starts(n *node, at int) bool {
	switch n.kind {
	case kAssert:
		return n.n == at || n.n == atStart
	case kConcat:
		for _, sub := range n.subs {
			if starts(sub, at) {
				return true
			}
			if !transparent(sub) {
				return false
			}
		}
		return false
	case kAlt:
		for _, sub := range n.subs {
			if !starts(sub, at) {
				return false
			}
		}
		return true
	case kCapture, kAtomic:
		return starts(n.subs[0], at)
	case kRepeat:
		return n.min > 0 && starts(n.subs[0], at)
	}
	return false
}

// transparent reports whether n matches the empty string only, so that what follows it still is at the start.
func transparent(n *node) bool {
	switch n.kind {
	case kEmpty, kAssert:
		return true
	case kLook:
		return true
	}
	return false
}

// ends reports whether every match of n ends at the end of the subject or before its final newline.
func ends(n *node) bool {
	switch n.kind {
	case kAssert:
		return n.n == atEnd || n.n == atEndLine
	case kConcat:
		return ends(n.subs[len(n.subs)-1])
	case kAlt:
		for _, sub := range n.subs {
			if !ends(sub) {
				return false
			}
		}
		return true
	case kCapture, kAtomic:
		return ends(n.subs[0])
	}
	return false
}

// startsWithAny reports whether n begins with .* so that a match that fails at one place fails everywhere on the line:
// only the starts of lines need to be tried. With s, whole is true and one attempt is enough.
func startsWithAny(n *node) (whole, line bool) {
	switch n.kind {
	case kRepeat:
		if n.min != 0 || n.max != unbounded || n.mode == possessive {
			return false, false
		}
		set := n.subs[0].bytes()
		if set == nil {
			return false, false
		}
		missing := 256 - set.count()
		return missing == 0, missing == 1 && !set['\n']
	case kConcat, kCapture:
		return startsWithAny(n.subs[0])
	case kAlt:
		whole, line = true, true
		for _, sub := range n.subs {
			w, l := startsWithAny(sub)
			whole, line = whole && w, line && (l || w)
		}
		return whole, line
	}
	return false, false
}

// follow is a set of ways to go on: the bytes that may come next, and whether the end of the subject may.
type follow struct {
	set byteSet
	end bool
}

// anything is the follow set of which nothing is known.
func anything() *follow {
	f := &follow{end: true}
	f.set.addRange(0, 255)
	return f
}

func (f *follow) union(g *follow) *follow {
	u := *f
	u.set.union(&g.set)
	u.end = u.end || g.end
	return &u
}

// firsts returns how a match of n followed by k may begin. It may name too much, never too little.
func firsts(n *node, k *follow) *follow {
	switch n.kind {
	case kFail:
		return new(follow)
	case kChar, kSet:
		return &follow{set: *n.bytes()}
	case kRune:
		f := new(follow)
		copy(f.set[:], n.class.ascii[:])
		f.set.addRange(128, 255)
		return f
	case kConcat:
		for i := len(n.subs) - 1; i >= 0; i-- {
			k = firsts(n.subs[i], k)
		}
		return k
	case kAlt:
		f := new(follow)
		for _, sub := range n.subs {
			f = f.union(firsts(sub, k))
		}
		return f
	case kRepeat:
		if n.max == 0 {
			return k
		}
		f := firsts(n.subs[0], k)
		if n.min == 0 {
			f = f.union(k)
		}
		return f
	case kCapture, kAtomic:
		return firsts(n.subs[0], k)
	case kAssert:
		return assertFirsts(n.n, k)
	case kBackref, kCall, kCond, kCommit:
		return anything()
	}
	return k
}

func assertFirsts(at int, k *follow) *follow {
	f := &follow{end: k.end}
	switch at {
	case atEnd:
	case atEndLine, atLineEnd:
		f.set['\n'] = k.set['\n']
	default:
		return k
	}
	return f
}
