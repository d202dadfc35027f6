package regex

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// posixEnd returns the offset of the terminator of a POSIX item such as [:alpha:] whose [ is at off, -1 if there is
// none there.
func (p *parser) posixEnd(off int) int {
	if off+1 >= len(p.src) || strings.IndexByte(":.=", p.src[off+1]) < 0 {
		return -1
	}
	mark := p.src[off+1]
	for i := off + 2; i+1 < len(p.src); i++ {
		switch c, next := p.src[i], p.src[i+1]; {
		case c == '\\' && (next == ']' || next == '\\'):
			i++
		case c == '[' && next == mark, c == ']':
			return -1
		case c == mark && next == ']':
			return i
		}
	}
	return -1
}

// bracket reads a character class.
func (p *parser) bracket() (*node, error) {
	if p.posixEnd(p.pos) >= 0 {
		if p.src[p.pos+1] != ':' {
			return nil, p.fail(errPosixCollating, p.pos)
		}
		switch {
		case p.looking("[:<:]]"), p.looking("[:>:]]"):
		default:
			return nil, p.fail(errPosixOutside, p.pos)
		}
	}
	switch {
	case p.looking("[[:<:]]"):
		p.pos += 7
		return &node{kind: kAssert, n: atWordOpening}, nil
	case p.looking("[[:>:]]"):
		p.pos += 7
		return &node{kind: kAssert, n: atWordClosing}, nil
	}
	p.pos++
	b := classReader{p: p, set: new(class)}
	b.skip()
	negated := p.accept('^')
	b.skip()
	if !p.more() && p.src[p.pos-1] == 'E' { // as PCRE2 says after [\E
		return nil, p.fail(errEscapeAtEnd, p.pos)
	}
	if p.more() && p.src[p.pos] == ']' && !b.quoted {
		p.pos++
		if err := b.character(']'); err != nil {
			return nil, err
		}
	}
	if err := b.read(); err != nil {
		return nil, err
	}
	if negated {
		inverse := new(class)
		inverse.addNegated(b.set, p.limit())
		return inverse.finish(p.utf), nil
	}
	return b.set.finish(p.utf), nil
}

// classReader reads the inside of [...].
type classReader struct {
	p      *parser
	set    *class
	quoted bool // between \Q and \E
}

// skip steps over \Q, \E and ignored blanks.
func (b *classReader) skip() {
	for {
		switch p := b.p; {
		case p.looking(`\E`):
			b.quoted = false
			p.pos += 2
		case !b.quoted && p.looking(`\Q`):
			b.quoted = true
			p.pos += 2
		case !b.quoted && p.has(flagExtendedMore) && p.more() && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t'):
			p.pos++
		default:
			return
		}
	}
}

func (b *classReader) read() error {
	p := b.p
	for {
		b.skip()
		if !p.more() {
			return p.fail(errClassUnclosed, p.pos)
		}
		c := p.src[p.pos]
		var err error
		switch {
		case c == ']' && !b.quoted:
			p.pos++
			return nil
		case c == '[' && !b.quoted && p.posixEnd(p.pos) >= 0:
			err = b.posix()
		case c == '\\' && !b.quoted && b.isSet():
			if err = p.classEscape(b.set); err == nil {
				err = b.noRange()
			}
		default:
			var r rune
			if r, err = b.rune(); err == nil {
				err = b.character(r)
			}
		}
		if err != nil {
			return err
		}
	}
}

// isSet reports whether the escape that comes next stands for a set of characters.
func (b *classReader) isSet() bool {
	p := b.p
	return p.pos+1 < len(p.src) && strings.IndexByte("dDwWsShHvVpP", p.src[p.pos+1]) >= 0
}

// rune reads one character, escaped or not.
func (b *classReader) rune() (rune, error) {
	p := b.p
	if p.src[p.pos] == '\\' && !b.quoted {
		if p.pos+1 < len(p.src) {
			switch p.src[p.pos+1] {
			case 'b':
				p.pos += 2
				return '\b', nil
			case 'g':
				p.pos += 2
				return 'g', nil
			case 'N':
				return 0, p.fail(errNInClass, p.pos+2)
			case '1', '2', '3', '4', '5', '6', '7':
				p.pos += 2
				return p.octal()
			case 'A', 'B', 'C', 'G', 'K', 'R', 'X', 'Z', 'k', 'z':
				return 0, p.fail(errClassEscape, p.pos+1)
			}
		}
		return p.escapedRune()
	}
	if p.utf {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		p.pos += size
		return r, nil
	}
	p.pos++
	return rune(p.src[p.pos-1]), nil
}

// character adds first, or the range that it opens.
func (b *classReader) character(first rune) error {
	p := b.p
	last := first
	b.skip()
	if p.looking("-") && !b.quoted {
		p.pos++
		b.skip()
		switch {
		case !p.more():
			return p.fail(errClassUnclosed, p.pos)
		case p.src[p.pos] == ']' && !b.quoted: // a hyphen before the closing bracket is itself
			b.set.add('-', '-')
		case p.src[p.pos] == '[' && !b.quoted && p.posixEnd(p.pos) >= 0:
			return p.fail(errRangeInvalid, p.pos+1)
		case p.src[p.pos] == '\\' && !b.quoted && b.isSet():
			if err := p.classEscape(new(class)); err != nil {
				return err
			}
			return p.fail(errRangeInvalid, p.pos)
		default:
			var err error
			if last, err = b.rune(); err != nil {
				return err
			}
			if last < first {
				return p.fail(errRangeOrder, p.pos-1)
			}
		}
	}
	if p.has(flagCaseless) {
		b.set.addFolded(first, last, p.utf)
	} else {
		b.set.add(first, last)
	}
	return nil
}

// noRange refuses a hyphen after a set unless it is the last character of the class.
func (b *classReader) noRange() error {
	p := b.p
	b.skip()
	if !p.looking("-") || b.quoted {
		return nil
	}
	hyphen := p.pos
	p.pos++
	b.skip()
	if !p.more() || p.src[p.pos] == ']' {
		b.set.add('-', '-')
		return nil
	}
	return p.fail(errRangeInvalid, hyphen)
}

// posix reads [:name:] or [:^name:].
func (b *classReader) posix() error {
	p := b.p
	end := p.posixEnd(p.pos)
	if p.src[p.pos+1] != ':' {
		return p.fail(errPosixCollating, p.pos)
	}
	name, negated := strings.CutPrefix(p.src[p.pos+2:end], "^")
	if p.has(flagCaseless) && (name == "upper" || name == "lower") {
		name = "alpha"
	}
	set := new(class)
	if !set.addPosix(name) {
		off := p.pos + 2
		if negated {
			off++
		}
		return p.fail(errPosixUnknown, off)
	}
	if negated {
		b.set.addNegated(set, p.limit())
	} else {
		b.set.ranges = append(b.set.ranges, set.ranges...)
	}
	p.pos = end + 2
	return b.noRange()
}

// classEscape reads \d, \W, \p{..} and similar escapes into set.
func (p *parser) classEscape(set *class) error {
	letter := p.src[p.pos+1]
	p.pos += 2
	negated := letter < 'a'
	one := new(class)
	if letter|0x20 == 'p' {
		inverse, err := p.property(one)
		if err != nil {
			return err
		}
		negated = negated != inverse
	} else {
		one.addShorthand(letter|0x20, p.ucp)
	}
	if negated {
		set.addNegated(one, p.limit())
	} else {
		set.ranges = append(set.ranges, one.ranges...)
	}
	return nil
}

// property reads the name after \p and adds its characters to set.
func (p *parser) property(set *class) (negated bool, err error) {
	if !p.more() {
		return false, p.fail(errPropertySyntax, p.pos)
	}
	var name string
	if p.accept('{') {
		negated = p.accept('^')
		from := p.pos
		for p.more() && (isWord(p.src[p.pos]) || p.src[p.pos] == '&' || p.src[p.pos] == ' ' || p.src[p.pos] == '-') {
			p.pos++
		}
		name = p.src[from:p.pos]
		if !p.more() {
			return false, p.fail(errPropertySyntax, p.pos)
		}
		p.pos++
		if p.src[p.pos-1] != '}' {
			return false, p.fail(errPropertySyntax, p.pos)
		}
	} else {
		p.pos++
		name = p.src[p.pos-1 : p.pos]
		if !isLetter(name[0]) {
			return false, p.fail(errPropertySyntax, p.pos)
		}
	}
	if !set.addProperty(name) {
		return false, p.fail(errPropertyUnknown, p.pos)
	}
	return negated, nil
}

// addProperty adds a Unicode category, script or one of PCRE's own sets; names are compared loosely. Case matters always, as
// it does for PCRE2 10.42.
func (c *class) addProperty(name string) bool {
	key := looseName(name)
	switch key {
	case "any":
		c.add(0, utf8.MaxRune)
		return true
	case "l&", "lc":
		c.addCased()
		return true
	case "xan", "xwd":
		c.addTable(unicode.L)
		c.addTable(unicode.N)
		if key == "xwd" {
			c.add('_', '_')
		}
		return true
	case "xps", "xsp":
		c.addShorthand('s', true)
		return true
	case "xuc":
		c.ranges = append(c.ranges, '$', '$', '@', '@', '`', '`', 0xa0, 0xd7ff, 0xe000, utf8.MaxRune)
		return true
	case "cn", "c":
		assigned := new(class)
		for category, table := range unicode.Categories {
			if key == "cn" || category[0] != 'C' {
				assigned.addTable(table)
			}
		}
		c.addNegated(assigned, utf8.MaxRune)
		return true
	}
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts, unicode.Properties} {
		for candidate, table := range tables {
			if looseName(candidate) == key {
				c.addTable(table)
				return true
			}
		}
	}
	return false
}

func (c *class) addCased() {
	c.addTable(unicode.Lu)
	c.addTable(unicode.Ll)
	c.addTable(unicode.Lt)
}

func looseName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s))
}
