package regex

import "strings"

// group reads what a ( opens; a nil node is an option setting.
func (p *parser) group() (n *node, repeatable bool, err error) {
	open := p.pos
	saved := p.flags
	p.pos++
	if p.pos+1 < len(p.src) && p.src[p.pos] == '*' && p.src[p.pos+1] != ')' {
		return p.verb()
	}
	if !p.accept('?') {
		n, err = p.plainGroup()
		p.flags = saved
		return n, true, err
	}
	if !p.more() {
		return nil, false, p.fail(errMissingParen, p.pos)
	}
	c := p.src[p.pos]
	p.pos++
	switch {
	case c == ':':
		n, err = p.body(false)
	case c == '|':
		n, err = p.body(true)
	case c == '>':
		n, err = p.atomic()
	case c == '=', c == '!', c == '*':
		n, err = p.look(c == '!', false, open)
	case c == '<' && (p.looking("=") || p.looking("!") || p.looking("*")):
		p.pos++
		n, err = p.look(p.src[p.pos-1] == '!', true, open)
	case c == '<':
		n, err = p.namedCapture('>')
	case c == '\'':
		n, err = p.namedCapture('\'')
	case c == 'P':
		n, err = p.groupP()
	case c == '&':
		off := p.pos
		var name string
		p.pos--
		name, err = p.name(')')
		n = p.call(0, name, off)
	case c == 'R':
		if !p.accept(')') {
			return nil, false, p.fail(errRecurseParen, p.pos)
		}
		n = p.call(0, "", p.pos-1)
	case isDigit(c), c == '+', c == '-' && p.more() && isDigit(p.src[p.pos]):
		p.pos--
		n, err = p.numberedCall()
	case c == '(':
		n, err = p.conditional(open)
	case c == 'C':
		return nil, false, p.callout()
	default:
		p.pos--
		return p.options()
	}
	p.flags = saved
	if n != nil && (c == ':' || c == '|') {
		n.grouped = true
	}
	return n, true, err
}

// plainGroup reads a group that nothing is said of.
func (p *parser) plainGroup() (*node, error) {
	if p.has(flagNoCapture) {
		n, err := p.body(false)
		if n != nil {
			n.grouped = true
		}
		return n, err
	}
	return p.capture("", 0)
}

// body reads alternatives and the closing parenthesis.
func (p *parser) body(reset bool) (*node, error) {
	n, err := p.alternatives(reset)
	if err != nil {
		return nil, err
	}
	if !p.accept(')') {
		return nil, p.fail(errMissingParen, p.pos)
	}
	return n, nil
}

func (p *parser) atomic() (*node, error) {
	n, err := p.body(false)
	return &node{kind: kAtomic, subs: []*node{n}}, err
}

func (p *parser) look(neg, behind bool, open int) (*node, error) {
	p.looks++
	n, err := p.body(false)
	p.looks--
	return &node{kind: kLook, neg: neg, behind: behind, subs: []*node{n}, off: open}, err
}

// capture reads the body of a capturing group; off is where it begins.
func (p *parser) capture(name string, off int) (*node, error) {
	p.groups++
	number := p.groups
	if name != "" {
		if err := p.addName(name, number, off); err != nil {
			return nil, err
		}
	}
	n, err := p.body(false)
	return &node{kind: kCapture, n: number, subs: []*node{n}}, err
}

func (p *parser) addName(name string, number, off int) error {
	for _, known := range p.names {
		switch {
		case known.Name == name && known.Group == number:
			return nil
		case known.Name == name && !p.has(flagDupNames):
			return p.fail(errNameTwice, off)
		case known.Name != name && known.Group == number:
			return p.fail(errNamesDiffer, off)
		}
	}
	p.names = append(p.names, NamedGroup{Name: name, Group: number})
	return nil
}

func (p *parser) namedCapture(end byte) (*node, error) {
	p.pos--
	name, err := p.name(end)
	if err != nil {
		return nil, err
	}
	return p.capture(name, p.pos)
}

// groupP reads what follows (?P.
func (p *parser) groupP() (*node, error) {
	off := p.pos + 1
	switch {
	case !p.more():
		return nil, p.fail(errMissingParen, p.pos)
	case p.looking("<"):
		p.pos++
		return p.namedCapture('>')
	case p.looking("="):
		name, err := p.name(')')
		return p.backref(0, name, off), err
	case p.looking(">"):
		name, err := p.name(')')
		return p.call(0, name, off), err
	}
	return nil, p.fail(errGroupP, p.pos)
}

// name reads a group's name and what must follow it, from the byte before the name on.
func (p *parser) name(end byte) (string, error) {
	p.pos++
	from := p.pos
	if p.more() && isDigit(p.src[from]) {
		return "", p.fail(errNameDigit, from)
	}
	for p.more() && isWord(p.src[p.pos]) {
		p.pos++
	}
	name := p.src[from:p.pos]
	switch {
	case len(name) > maxName:
		return "", p.fail(errNameTooLong, p.pos)
	case name == "":
		return "", p.fail(errNameExpected, p.pos)
	case end != 0 && !p.accept(end):
		return "", p.fail(errNameSyntax, p.pos)
	}
	return name, nil
}

// groupNumber reads a number, which may be relative to this place; ok false if there is none.
func (p *parser) groupNumber() (n int, ok bool, err error) {
	i := p.pos
	var sign byte
	if i < len(p.src) && (p.src[i] == '+' || p.src[i] == '-') {
		sign = p.src[i]
		i++
	}
	from := i
	for i < len(p.src) && isDigit(p.src[i]) {
		n = n*10 + int(p.src[i]-'0')
		i++
		if n > maxGroup {
			return 0, false, p.fail(errGroupNumber, i)
		}
	}
	if i == from {
		return 0, false, nil
	}
	p.pos = i
	switch {
	case sign != 0 && n == 0:
		return 0, false, p.fail(errRelativeZero, i)
	case sign == '-' && n > p.groups:
		return 0, false, p.fail(errNoSuchGroup, i)
	case sign == '-':
		n = p.groups - n + 1
	case sign == '+':
		n += p.groups
	}
	return n, true, nil
}

func (p *parser) numberedCall() (*node, error) {
	n, ok, err := p.groupNumber()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, p.fail(errCallDigit, p.pos)
	}
	off := p.pos
	if !p.accept(')') {
		return nil, p.fail(errMissingParen, p.pos)
	}
	return p.call(n, "", off), nil
}

// callout reads (?C), which does nothing.
func (p *parser) callout() error {
	if !p.more() {
		return p.fail(errMissingParen, p.pos)
	}
	if c := p.src[p.pos]; c != ')' && !isDigit(c) {
		i := strings.IndexByte("`'\"^%#${", c)
		if i < 0 {
			return p.fail(errCalloutDelimiter, p.pos)
		}
		end := "`'\"^%#$}"[i]
		start := p.pos
		for p.pos++; ; p.pos++ {
			if !p.more() {
				return p.fail(errCalloutString, start)
			}
			if p.src[p.pos] == end {
				if p.pos+1 >= len(p.src) || p.src[p.pos+1] != end {
					break
				}
				p.pos++
			}
		}
		p.pos++
	}
	n := 0
	for p.more() && isDigit(p.src[p.pos]) {
		n = n*10 + int(p.src[p.pos]-'0')
		p.pos++
		if n > 255 {
			return p.fail(errCalloutNumber, p.pos)
		}
	}
	if !p.accept(')') {
		return p.fail(errCalloutUnclosed, p.pos)
	}
	return nil
}

// options reads (?imsx-imsx) or (?imsx-imsx:...).
func (p *parser) options() (*node, bool, error) {
	saved := p.flags
	set, drop, target := flags(0), flags(0), (*flags)(nil)
	target = &set
	hyphenAllowed := true
	if p.accept('^') {
		hyphenAllowed = false
		p.flags &^= flagCaseless | flagMultiline | flagDotAll | flagExtended | flagExtendedMore | flagNoCapture
	}
	for {
		if !p.more() {
			return nil, false, p.fail(errMissingParen, p.pos)
		}
		c := p.src[p.pos]
		p.pos++
		switch c {
		case ')', ':':
			p.flags = (p.flags | set) &^ drop
			if c == ')' {
				return nil, false, nil
			}
			n, err := p.body(false)
			p.flags = saved
			return n, true, err
		case '-':
			if !hyphenAllowed {
				return nil, false, p.fail(errOptionHyphen, p.pos-1)
			}
			target = &drop
			hyphenAllowed = false
		case 'i':
			*target |= flagCaseless
		case 'm':
			*target |= flagMultiline
		case 's':
			*target |= flagDotAll
		case 'n':
			*target |= flagNoCapture
		case 'J':
			*target |= flagDupNames
		case 'U':
			*target |= flagUngreedy
		case 'x':
			*target |= flagExtended
			if p.accept('x') || target == &drop {
				*target |= flagExtendedMore
			} else {
				drop |= flagExtendedMore
			}
		default:
			return nil, false, p.fail(errGroupOption, p.pos-1)
		}
	}
}
