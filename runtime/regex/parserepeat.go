package regex

// isRepeat reports whether the { that comes next opens {n}, {n,} or {n,m}.
func (p *parser) isRepeat() bool {
	i := p.pos + 1
	digits := func() bool {
		from := i
		for i < len(p.src) && isDigit(p.src[i]) {
			i++
		}
		return i > from
	}
	if !digits() {
		return false
	}
	if i < len(p.src) && p.src[i] == ',' {
		i++
		digits()
	}
	return i < len(p.src) && p.src[i] == '}'
}

// quantifier reads a quantifier and wraps the last item in it.
func (p *parser) quantifier(items []*node, repeatable bool) (*node, error) {
	n := &node{kind: kRepeat, max: unbounded}
	switch p.src[p.pos] {
	case '+':
		n.min = 1
	case '?':
		n.max = 1
	case '{':
		if err := p.repeatCounts(n); err != nil {
			return nil, err
		}
		p.pos-- // onto the brace
	}
	if !repeatable {
		return nil, p.fail(errNothingToRepeat, p.pos)
	}
	p.pos++
	if err := p.skipNothing(); err != nil {
		return nil, err
	}
	if p.has(flagUngreedy) {
		n.mode = lazy
	}
	if p.accept('+') {
		n.mode = possessive
	} else if p.accept('?') {
		n.mode = lazy - n.mode
	}
	n.subs = []*node{items[len(items)-1]}
	return n, nil
}

// skipNothing steps over what may stand between a quantifier and its mode: blanks, comments, an \E alone, and \Q\E.
func (p *parser) skipNothing() error {
	for {
		switch {
		case p.looking(`\E`):
			p.pos += len(`\E`)
		case p.looking(`\Q\E`):
			p.pos += len(`\Q\E`)
		case p.blank(), p.looking("(?#"):
			if err := p.skipBlank(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// repeatCounts reads {n}, {n,} or {n,m}.
func (p *parser) repeatCounts(n *node) error {
	p.pos++
	number := func() (v int, err error) {
		for p.more() && isDigit(p.src[p.pos]) {
			v = v*10 + int(p.src[p.pos]-'0')
			p.pos++
			if v > maxRepeat {
				return 0, p.fail(errRepeatTooBig, p.pos)
			}
		}
		return v, nil
	}
	var err error
	if n.min, err = number(); err != nil {
		return err
	}
	n.max = n.min
	if p.accept(',') {
		n.max = unbounded
		if p.src[p.pos] != '}' {
			if n.max, err = number(); err != nil {
				return err
			}
			if n.max < n.min {
				return p.fail(errRepeatOrder, p.pos)
			}
		}
	}
	p.pos++
	return nil
}
