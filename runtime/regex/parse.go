package regex

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of PCRE2.
const (
	maxNesting = 250
	maxRepeat  = 65535
	maxGroup   = 65535
	maxName    = 32
)

// flags are the options that (?imsxnJU) switch.
type flags uint8

const (
	flagCaseless flags = 1 << iota
	flagMultiline
	flagDotAll
	flagExtended
	flagExtendedMore // xx: blanks in classes do not count either
	flagNoCapture
	flagDupNames
	flagUngreedy
)

// parser reads one pattern. Groups that are mentioned before they are opened are checked at the end (refs).
type parser struct {
	src   string
	pos   int
	flags flags
	utf   bool // (*UTF)
	ucp   bool // (*UCP)

	groups   int // opened so far
	depth    int
	looks    int // lookarounds around this place
	names    []NamedGroup
	refs     []groupRef
	backrefs bool
	calls    bool
	ahead    int  // see exclusive
	freely   bool // (*NO_AUTO_POSSESS)
}

// groupRef is a mention of a group, to be resolved when all groups are known.
type groupRef struct {
	node   *node
	name   string // "" if by number (node.n)
	off    int
	reason string // an error that PCRE2 too finds only after parsing; "" if the group may not exist
}

// parse reads pattern into a tree.
func parse(pattern string, caseless bool) (*parser, *node, error) {
	p := &parser{src: pattern}
	if caseless {
		p.flags = flagCaseless
	}
	if err := p.startOptions(); err != nil {
		return nil, nil, err
	}
	if p.utf && !utf8.ValidString(pattern) {
		return nil, nil, p.fail(errPatternUTF8, invalidUTF8At(pattern))
	}
	root, err := p.alternatives(false)
	if err != nil {
		return nil, nil, err
	}
	if p.pos < len(p.src) {
		return nil, nil, p.fail(errUnmatchedParen, p.pos)
	}
	if err := p.resolve(root); err != nil {
		return nil, nil, err
	}
	if !p.freely {
		p.possess(root, nil)
	}
	slices.SortStableFunc(p.names, func(a, b NamedGroup) int { return strings.Compare(a.Name, b.Name) })
	return p, root, nil
}

func invalidUTF8At(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return len(s)
}

func (p *parser) fail(reason string, off int) error {
	return &SyntaxError{Pattern: p.src, Reason: reason, Offset: min(off, len(p.src))}
}

func (p *parser) more() bool            { return p.pos < len(p.src) }
func (p *parser) has(f flags) bool      { return p.flags&f != 0 }
func (p *parser) looking(s string) bool { return strings.HasPrefix(p.src[p.pos:], s) }

// accept steps over c if it comes next.
func (p *parser) accept(c byte) bool {
	if p.more() && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// startOptions reads the (*NAME) items that may open a pattern.
func (p *parser) startOptions() error {
	for p.looking("(*") {
		end := p.pos + 2
		for end < len(p.src) && (isWord(p.src[end]) || p.src[end] == '=') {
			end++
		}
		name, value, hasValue := strings.Cut(p.src[p.pos+2:end], "=")
		switch name {
		case "UTF", "UTF8", "UCP", "NOTEMPTY", "NOTEMPTY_ATSTART", "NO_AUTO_POSSESS", "NO_DOTSTAR_ANCHOR", "NO_JIT",
			"NO_START_OPT", "LF", "BSR_UNICODE", "LIMIT_HEAP", "LIMIT_MATCH", "LIMIT_DEPTH", "LIMIT_RECURSION":
		case "CR", "CRLF", "ANY", "NUL", "ANYCRLF", "BSR_ANYCRLF":
			return p.fail(errNewlineUnsupported, p.pos)
		default:
			return nil
		}
		if hasValue != strings.HasPrefix(name, "LIMIT_") || len(value) > 10 || strings.Trim(value, "0123456789") != "" ||
			hasValue && value == "" || end == len(p.src) || p.src[end] != ')' {
			return p.fail(errVerb, end)
		}
		p.utf = p.utf || name == "UTF" || name == "UTF8"
		p.ucp = p.ucp || name == "UCP"
		p.freely = p.freely || name == "NO_AUTO_POSSESS"
		p.pos = end + 1
	}
	return nil
}

// alternatives reads up to the end of the group or of the pattern. With reset ((?|) every branch numbers its groups
// from the same start. Options set in one branch hold in the following ones.
func (p *parser) alternatives(reset bool) (*node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, p.fail(errTooDeep, p.pos)
	}
	defer func() { p.depth-- }()
	first, most := p.groups, p.groups
	var alts []*node
	for {
		if reset {
			p.groups = first
		}
		n, err := p.branch()
		if err != nil {
			return nil, err
		}
		alts = append(alts, n)
		most = max(most, p.groups)
		if !p.accept('|') {
			break
		}
	}
	p.groups = most
	switch {
	case len(alts) > 1:
	case alts[0].kind == kAlt: // of a group inside, not the branches of this one
		return &node{kind: kConcat, subs: alts}, nil
	default:
		return alts[0], nil
	}
	return &node{kind: kAlt, subs: alts}, nil
}

// branch reads a sequence of items with their quantifiers.
func (p *parser) branch() (*node, error) {
	var items []*node
	repeatable, quoted := false, false
	add := func(n *node, canRepeat bool) {
		items = append(items, n)
		repeatable = canRepeat
	}
	for p.more() {
		c := p.src[p.pos]
		switch {
		case p.looking(`\E`):
			p.pos += 2
			quoted = false
		case quoted:
			add(p.literal(), true)
		case p.looking(`\Q`):
			p.pos += 2
			quoted = true
		case p.blank(), p.looking("(?#"):
			if err := p.skipBlank(); err != nil {
				return nil, err
			}
		case c == '|', c == ')':
			return concat(items), nil
		case c == '*', c == '+', c == '?', c == '{' && p.isRepeat():
			n, err := p.quantifier(items, repeatable)
			if err != nil {
				return nil, err
			}
			items[len(items)-1] = n
			repeatable = false
		default:
			n, canRepeat, err := p.item()
			if err != nil {
				return nil, err
			}
			if n == nil { // an option setting
				repeatable = false
				continue
			}
			add(n, canRepeat)
		}
	}
	return concat(items), nil
}

// blank reports whether white space or a # comment that (?x) ignores comes next.
func (p *parser) blank() bool {
	if !p.has(flagExtended) || !p.more() {
		return false
	}
	c := p.src[p.pos]
	return strings.IndexByte(" \t\n\v\f\r#", c) >= 0 || c == 0x85 && !p.utf // NEL in Latin-1
}

// skipBlank steps over one of the things that stand for nothing.
func (p *parser) skipBlank() error {
	switch {
	case p.looking("(?#"):
		n := strings.IndexByte(p.src[p.pos:], ')')
		if n < 0 {
			return p.fail(errCommentUnclosed, len(p.src))
		}
		p.pos += n + 1
	case p.src[p.pos] == '#':
		n := strings.IndexByte(p.src[p.pos:], '\n')
		if n < 0 {
			n = len(p.src) - p.pos - 1
		}
		p.pos += n + 1
	default:
		p.pos++
	}
	return nil
}

// item reads one item without its quantifier; nil for an option setting.
func (p *parser) item() (n *node, repeatable bool, err error) {
	switch c := p.src[p.pos]; c {
	case '(':
		return p.group()
	case '[':
		n, err = p.bracket()
		return n, true, err
	case '\\':
		return p.escape()
	case '^':
		p.pos++
		if p.has(flagMultiline) {
			return &node{kind: kAssert, n: atLineStart}, false, nil
		}
		return &node{kind: kAssert, n: atStart}, false, nil
	case '$':
		p.pos++
		if p.has(flagMultiline) {
			return &node{kind: kAssert, n: atLineEnd}, false, nil
		}
		return &node{kind: kAssert, n: atEndLine}, false, nil
	case '.':
		p.pos++
		return p.dot(p.has(flagDotAll)), true, nil
	}
	return p.literal(), true, nil
}

// dot is any character, or any but a newline.
func (p *parser) dot(newline bool) *node {
	c := new(class)
	if newline {
		c.add(0, p.limit())
		return c.finish(p.utf)
	}
	c.add(0, '\n'-1)
	c.add('\n'+1, p.limit())
	n := c.finish(p.utf)
	n.esc = '.'
	return n
}

// limit is the greatest character.
func (p *parser) limit() rune {
	if p.utf {
		return utf8.MaxRune
	}
	return 255
}

// literal reads one character that stands for itself.
func (p *parser) literal() *node {
	if p.utf {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		p.pos += size
		return p.char(r)
	}
	p.pos++
	return p.char(rune(p.src[p.pos-1]))
}

// char is the node for one character under the options of this place.
func (p *parser) char(r rune) *node {
	if p.utf && (r >= 128 || p.has(flagCaseless) && (r|0x20 == 'k' || r|0x20 == 's')) { // U+212A, U+017F
		c := new(class)
		if p.has(flagCaseless) {
			c.addFolded(r, r, true)
		} else {
			c.add(r, r)
		}
		return c.finish(true)
	}
	return &node{kind: kChar, c: byte(r), fold: p.has(flagCaseless) && isLetter(byte(r))}
}
