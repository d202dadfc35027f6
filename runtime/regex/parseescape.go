package regex

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// escape reads an escape outside of a class.
func (p *parser) escape() (n *node, repeatable bool, err error) {
	if p.pos+1 >= len(p.src) {
		return nil, false, p.fail(errEscapeAtEnd, len(p.src))
	}
	switch c := p.src[p.pos+1]; c {
	case 'A', 'G':
		return p.assert(atStart), false, nil
	case 'Z':
		return p.assert(atEndLine), false, nil
	case 'z':
		return p.assert(atEnd), false, nil
	case 'b':
		return p.assert(atWord), false, nil
	case 'B':
		return p.assert(notAtWord), false, nil
	case 'K':
		p.pos += 2
		if p.looks > 0 {
			p.refs = append(p.refs, groupRef{node: &node{n: p.groups}, reason: errKeepInLook, off: len(p.src)})
		}
		return &node{kind: kKeep}, false, nil
	case 'd', 'D', 'w', 'W', 's', 'S', 'h', 'H', 'v', 'V', 'p', 'P':
		set := new(class)
		if err := p.classEscape(set); err != nil {
			return nil, false, err
		}
		n = set.finish(p.utf)
		if strings.IndexByte("pP", c) < 0 && (!p.ucp || strings.IndexByte("dDsSwW", c) < 0) {
			n.esc = c
		}
		return n, true, nil
	case 'N':
		p.pos += 2
		if p.looking("{") && !p.isRepeat() {
			return p.namedRune()
		}
		return p.dot(false), true, nil
	case 'C':
		p.pos += 2
		set := new(byteSet)
		set.addRange(0, 255)
		return &node{kind: kSet, set: set}, true, nil
	case 'R', 'X':
		p.pos += 2
		return p.lineBreak(c), true, nil
	case 'g':
		p.pos += 2
		n, err = p.escapeG()
		return n, true, err
	case 'k':
		p.pos += 2
		n, err = p.escapeK()
		return n, true, err
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if n, err = p.numberedBackref(); n != nil || err != nil {
			return n, true, err
		}
	}
	r, err := p.escapedRune()
	if err != nil {
		return nil, false, err
	}
	return p.char(r), true, nil
}

// assert is the escape of a place, which takes two bytes.
func (p *parser) assert(at int) *node {
	p.pos += 2
	return &node{kind: kAssert, n: at}
}

// namedRune reads what follows \N when that is a brace: {U+hhh}.
func (p *parser) namedRune() (*node, bool, error) {
	if !p.looking("{U+") {
		return nil, false, p.fail(errEscapeLU, p.pos)
	}
	if !p.utf {
		return nil, false, p.fail(errNUnicode, p.pos)
	}
	p.pos += 3
	r, err := p.bracedRune(16, errHexDigit)
	if err != nil {
		return nil, false, err
	}
	return p.char(r), true, nil
}

// lineBreak is \R, or \X as far as bytes without combining marks go.
func (p *parser) lineBreak(letter byte) *node {
	c := new(class)
	if letter == 'R' {
		c.addShorthand('v', false)
	} else {
		c.add(0, p.limit())
	}
	crlf := concat([]*node{{kind: kChar, c: '\r'}, {kind: kChar, c: '\n'}})
	return &node{kind: kAtomic, esc: letter, subs: []*node{{kind: kAlt, subs: []*node{crlf, c.finish(p.utf)}}}}
}

// numberedBackref reads \1 and so on; nil if the number means an octal code or a literal 8 or 9.
func (p *parser) numberedBackref() (*node, error) {
	from := p.pos + 1
	i, v := from, 0
	for i < len(p.src) && isDigit(p.src[i]) {
		v = min(v*10+int(p.src[i]-'0'), maxGroup+1)
		i++
	}
	switch {
	case v >= 10 && p.src[from] < '8' && v > p.groups:
		return nil, nil
	case v > maxGroup:
		return nil, p.fail(errGroupNumber, i)
	}
	p.pos = i
	return p.backref(v, "", i-1), nil
}

// backref is a reference to a group by number or name.
func (p *parser) backref(number int, name string, off int) *node {
	p.backrefs = true
	n := &node{kind: kBackref, n: number, fold: p.has(flagCaseless)}
	p.refs = append(p.refs, groupRef{node: n, name: name, off: off})
	return n
}

// call is a group used as a subroutine. Nothing goes back into one of the whole pattern, 0, as PCRE2 10.42 has it.
func (p *parser) call(number int, name string, off int) *node {
	p.calls = true
	n := &node{kind: kCall, n: number}
	p.refs = append(p.refs, groupRef{node: n, name: name, off: off})
	if number == 0 && name == "" {
		return &node{kind: kAtomic, subs: []*node{n}}
	}
	return n
}

// escapeG reads what follows \g: a backreference, or, in angle brackets or single quotes, a call.
func (p *parser) escapeG() (*node, error) {
	start := p.pos
	switch {
	case !p.more():
		return nil, p.fail(errGSyntax, start)
	case p.src[start] == '<', p.src[start] == '\'':
		end := byte('>')
		if p.src[start] == '\'' {
			end = '\''
		}
		return p.escapeGCall(end)
	case p.src[start] == '{':
		return p.escapeGBraced()
	}
	n, ok, err := p.groupNumber()
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, p.fail(errGSyntax, start)
	case n <= 0:
		return nil, p.fail(errNoSuchGroup, p.pos)
	}
	return p.backref(n, "", p.pos-1), nil
}

// escapeGCall reads a call, from its opening bracket or quote on.
func (p *parser) escapeGCall(end byte) (*node, error) {
	start := p.pos
	p.pos++
	if n, ok, err := p.groupNumber(); err != nil {
		return nil, err
	} else if ok {
		off := p.pos
		if !p.accept(end) {
			return nil, p.fail(errGSyntax, start)
		}
		return p.call(n, "", off), nil
	}
	p.pos = start
	off := start + 1
	name, err := p.name(end)
	return p.call(0, name, off), err
}

// escapeGBraced reads a backreference in braces, from the brace on.
func (p *parser) escapeGBraced() (*node, error) {
	start := p.pos
	rest := strings.TrimLeft(p.src[start+1:], "+-0123456789")
	if rest != "" && rest[0] != '}' {
		off := start + 1
		name, err := p.name('}')
		return p.backref(0, name, off), err
	}
	p.pos++
	n, ok, err := p.groupNumber()
	if err != nil {
		var bad *SyntaxError
		if errors.As(err, &bad) {
			bad.Offset = start
		}
		return nil, err
	}
	if !ok && p.looking("}") {
		return nil, p.fail(errNameExpected, start+1)
	}
	if !ok || !p.accept('}') {
		return nil, p.fail(errGSyntax, start)
	}
	if n <= 0 {
		return nil, p.fail(errNoSuchGroup, p.pos)
	}
	return p.backref(n, "", p.pos-1), nil
}

func (p *parser) escapeK() (*node, error) {
	if p.more() {
		if i := strings.IndexByte("{<'", p.src[p.pos]); i >= 0 {
			off := p.pos + 1
			name, err := p.name("}>'"[i])
			return p.backref(0, name, off), err
		}
	}
	return nil, p.fail(errKSyntax, p.pos)
}

// escapedRune reads an escape that stands for one character, in or out of a class.
func (p *parser) escapedRune() (rune, error) {
	p.pos++
	if !p.more() {
		return 0, p.fail(errEscapeAtEnd, p.pos)
	}
	c := p.src[p.pos]
	if c >= utf8.RuneSelf && p.utf {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		p.pos += size
		return r, nil
	}
	p.pos++
	switch {
	case !isLetter(c) && !isDigit(c):
		return rune(c), nil
	case c >= '8' && c <= '9':
		return rune(c), nil
	case isDigit(c):
		return p.octal()
	}
	switch c {
	case 'a':
		return '\a', nil
	case 'e':
		return 0x1b, nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'c':
		return p.control()
	case 'o':
		if !p.accept('{') {
			return 0, p.fail(errOctalBrace, p.pos-1)
		}
		return p.bracedRune(8, errOctalDigit)
	case 'x':
		if p.accept('{') {
			return p.bracedRune(16, errHexDigit)
		}
		var r rune
		for i := 0; i < 2 && p.more() && digitValue(p.src[p.pos]) < 16; i++ {
			r = r<<4 | digitValue(p.src[p.pos])
			p.pos++
		}
		return r, nil
	case 'F', 'l', 'L', 'u', 'U':
		return 0, p.fail(errEscapeLU, p.pos)
	}
	return 0, p.fail(errUnknownEscape, p.pos-1)
}

func (p *parser) control() (rune, error) {
	if !p.more() {
		return 0, p.fail(errControlAtEnd, p.pos)
	}
	c := p.src[p.pos]
	if c < ' ' || c > '~' {
		return 0, p.fail(errControlPrintable, p.pos)
	}
	p.pos++
	if 'a' <= c && c <= 'z' {
		c ^= 0x20
	}
	return rune(c ^ 0x40), nil
}

// octal reads up to three octal digits, the first of which has been read.
func (p *parser) octal() (rune, error) {
	r := rune(p.src[p.pos-1] - '0')
	for i := 0; i < 2 && p.more() && digitValue(p.src[p.pos]) < 8; i++ {
		r = r<<3 | digitValue(p.src[p.pos])
		p.pos++
	}
	if r > 255 && !p.utf {
		return 0, p.fail(errOctalTooBig, p.pos)
	}
	return r, nil
}

// bracedRune reads digits and a closing brace.
func (p *parser) bracedRune(base rune, badDigit string) (rune, error) {
	if !p.more() || p.src[p.pos] == '}' {
		return 0, p.fail(errDigitsMissing, p.pos)
	}
	var r rune
	for p.more() && digitValue(p.src[p.pos]) < base {
		if r <= utf8.MaxRune {
			r = r*base + digitValue(p.src[p.pos])
		}
		p.pos++
		if r > p.limit() {
			for p.more() && digitValue(p.src[p.pos]) < base {
				p.pos++
			}
			return 0, p.fail(errCodePointBig, p.pos)
		}
	}
	if p.utf && 0xd800 <= r && r <= 0xdfff {
		return 0, p.fail(errSurrogate, p.pos)
	}
	if !p.more() {
		return 0, p.fail(badDigit, p.pos-1)
	}
	if !p.accept('}') {
		return 0, p.fail(badDigit, p.pos)
	}
	return r, nil
}

// digitValue returns the value of a hexadecimal digit, 16 for anything else.
func digitValue(c byte) rune {
	switch {
	case isDigit(c):
		return rune(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return 16
}
