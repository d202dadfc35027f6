package regex

import (
	"slices"
	"unicode"
)

// class is a set of characters: pairs of first and last code point, sorted and apart once normalize has run.
type class struct {
	ranges []rune
	ascii  [128]bool // the part below 128, filled in by finish
}

func (c *class) add(lo, hi rune) { c.ranges = append(c.ranges, lo, hi) }

func (c *class) addTable(t *unicode.RangeTable) {
	for _, r := range t.R16 {
		c.addStride(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		c.addStride(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
}

func (c *class) addStride(lo, hi, stride rune) {
	if stride == 1 {
		c.add(lo, hi)
		return
	}
	for ; lo <= hi; lo += stride {
		c.add(lo, lo)
	}
}

// addNegated adds every character up to limit that is not in d.
func (c *class) addNegated(d *class, limit rune) {
	d.normalize()
	next := rune(0)
	for i := 0; i < len(d.ranges); i += 2 {
		if d.ranges[i] > next {
			c.add(next, d.ranges[i]-1)
		}
		next = d.ranges[i+1] + 1
	}
	if next <= limit {
		c.add(next, limit)
	}
}

// addFolded adds a range and the other cases of its characters: of ASCII only, or of all of Unicode.
func (c *class) addFolded(lo, hi rune, utf bool) {
	c.add(lo, hi)
	if !utf {
		for r := max(lo, 'A'); r <= min(hi, 'z'); r++ {
			if o := rune(otherCase(byte(r))); o != r {
				c.add(o, o)
			}
		}
		return
	}
	const lastCased = 0x1E943
	for r := lo; r <= min(hi, lastCased); r++ {
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			c.add(o, o)
		}
	}
}

func (c *class) normalize() {
	type pair struct{ lo, hi rune }
	pairs := make([]pair, 0, len(c.ranges)/2)
	for i := 0; i < len(c.ranges); i += 2 {
		pairs = append(pairs, pair{c.ranges[i], c.ranges[i+1]})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return int(a.lo - b.lo) })
	out := c.ranges[:0]
	for _, p := range pairs {
		if n := len(out); n > 0 && p.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], p.hi)
			continue
		}
		out = append(out, p.lo, p.hi)
	}
	c.ranges = out
}

// contains reports whether r belongs to a finished class.
func (c *class) contains(r rune) bool {
	if r < 128 {
		return c.ascii[r]
	}
	lo, hi := 0, len(c.ranges)/2
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < c.ranges[2*mid]:
			hi = mid
		case r > c.ranges[2*mid+1]:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

// finish turns the class into a node: a set of bytes if all its characters are single bytes.
func (c *class) finish(utf bool) *node {
	c.normalize()
	limit := rune(255)
	if utf {
		limit = 127
	}
	n := len(c.ranges)
	if n == 0 {
		return &node{kind: kFail}
	}
	if !utf || c.ranges[n-1] <= limit {
		set := new(byteSet)
		for i := 0; i < n && c.ranges[i] <= limit; i += 2 {
			set.addRange(int(c.ranges[i]), int(min(c.ranges[i+1], limit)))
		}
		return &node{kind: kSet, set: set}
	}
	for i := 0; i < n && c.ranges[i] < 128; i += 2 {
		for r := c.ranges[i]; r <= min(c.ranges[i+1], 127); r++ {
			c.ascii[r] = true
		}
	}
	return &node{kind: kRune, class: c}
}

// addPosix adds the named POSIX class and reports whether there is one of that name.
func (c *class) addPosix(name string) bool {
	switch name {
	case "alpha":
		c.ranges = append(c.ranges, 'A', 'Z', 'a', 'z')
	case "lower":
		c.add('a', 'z')
	case "upper":
		c.add('A', 'Z')
	case "alnum":
		c.ranges = append(c.ranges, '0', '9', 'A', 'Z', 'a', 'z')
	case "ascii":
		c.add(0, 127)
	case "blank":
		c.ranges = append(c.ranges, '\t', '\t', ' ', ' ')
	case "cntrl":
		c.ranges = append(c.ranges, 0, 31, 127, 127)
	case "digit":
		c.add('0', '9')
	case "graph":
		c.add('!', '~')
	case "print":
		c.add(' ', '~')
	case "punct":
		c.ranges = append(c.ranges, '!', '/', ':', '@', '[', '`', '{', '~')
	case "space":
		c.ranges = append(c.ranges, '\t', '\r', ' ', ' ')
	case "word":
		c.ranges = append(c.ranges, '0', '9', 'A', 'Z', '_', '_', 'a', 'z')
	case "xdigit":
		c.ranges = append(c.ranges, '0', '9', 'A', 'F', 'a', 'f')
	default:
		return false
	}
	return true
}

// addShorthand adds \d, \w, \s, \h, \v or \N, of Unicode if ucp.
func (c *class) addShorthand(letter byte, ucp bool) {
	switch letter {
	case 'd':
		c.add('0', '9')
		if ucp {
			c.addTable(unicode.Nd)
		}
	case 'w':
		c.addPosix("word")
		if ucp {
			c.addTable(unicode.L)
			c.addTable(unicode.N)
		}
	case 's':
		c.addPosix("space")
		if ucp {
			c.addTable(unicode.Z)
			c.ranges = append(c.ranges, 0x85, 0x85, 0x180e, 0x180e)
		}
	case 'h':
		c.ranges = append(c.ranges, '\t', '\t', ' ', ' ', 0xa0, 0xa0, 0x1680, 0x1680, 0x180e, 0x180e,
			0x2000, 0x200a, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000)
	case 'v':
		c.ranges = append(c.ranges, '\n', '\r', 0x85, 0x85, 0x2028, 0x2029)
	}
}

// byteSets has one copy of each set.
type byteSets struct{ known map[byteSet]*byteSet }

// share returns the copy of a set, which has no owner yet.
func (b *byteSets) share(s *byteSet) *byteSet {
	if known := b.known[*s]; known != nil {
		return known
	}
	if b.known == nil {
		b.known = map[byteSet]*byteSet{}
	}
	own := *s
	b.known[own] = &own
	return &own
}
