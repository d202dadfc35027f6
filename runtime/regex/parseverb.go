package regex

// verb reads (*NAME), (*NAME:argument) and the long names of groups, (*atomic:...).
func (p *parser) verb() (*node, bool, error) {
	open := p.pos - 1
	p.pos++
	from := p.pos
	if c := p.src[from]; 'a' <= c && c <= 'z' {
		return p.alphaGroup(open)
	}
	for p.more() && isWord(p.src[p.pos]) {
		p.pos++
	}
	name := p.src[from:p.pos]
	end := p.pos
	argument := p.accept(':')
	from = p.pos
	if argument {
		for p.more() && p.src[p.pos] != ')' {
			p.pos++
		}
		argument = p.pos > from
	}
	if !p.accept(')') {
		return nil, false, p.fail(errVerb, p.pos)
	}
	switch name {
	case "F", "FAIL":
		return &node{kind: kFail}, false, nil
	case "COMMIT":
		return &node{kind: kCommit, n: commitAll}, false, nil
	case "PRUNE":
		return &node{kind: kCommit, n: commitStart}, false, nil
	case "SKIP":
		if !argument {
			return &node{kind: kCommit, n: commitSkip}, false, nil
		}
	case "", "MARK":
		if !argument {
			return nil, false, p.fail(errMarkArgument, p.pos-1)
		}
	case "ACCEPT", "THEN":
	default:
		return nil, false, p.fail(errVerb, end)
	}
	return nil, false, p.fail(errVerbUnsupported, open)
}

// alphaGroup reads (*pla:...) and the other groups that have a name in place of a symbol.
func (p *parser) alphaGroup(open int) (n *node, repeatable bool, err error) {
	from := p.pos
	for p.more() && isWord(p.src[p.pos]) {
		p.pos++
	}
	name := p.src[from:p.pos]
	if !p.more() || p.src[p.pos] != ':' {
		return nil, false, p.fail(errAlphaAssertion, p.pos)
	}
	p.pos++
	saved := p.flags
	switch name {
	case "pla", "positive_lookahead", "napla", "non_atomic_positive_lookahead":
		n, err = p.look(false, false, open)
	case "nla", "negative_lookahead":
		n, err = p.look(true, false, open)
	case "plb", "positive_lookbehind", "naplb", "non_atomic_positive_lookbehind":
		n, err = p.look(false, true, open)
	case "nlb", "negative_lookbehind":
		n, err = p.look(true, true, open)
	case "atomic":
		n, err = p.atomic()
	case "sr", "script_run", "asr", "atomic_script_run":
		return nil, false, p.fail(errVerbUnsupported, open)
	default:
		return nil, false, p.fail(errAlphaAssertion, p.pos-1)
	}
	p.flags = saved
	return n, true, err
}
