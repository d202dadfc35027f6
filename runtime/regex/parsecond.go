package regex

import "strings"

// conditional reads a conditional group from after its "(?(".
func (p *parser) conditional(open int) (*node, error) {
	if !p.more() {
		return nil, p.fail(errMissingParen, p.pos)
	}
	n := &node{kind: kCond, off: open}
	if c := p.src[p.pos]; c == '?' || c == '*' {
		if !p.atAssertion() {
			return nil, p.fail(errCondAssertion, p.pos-1)
		}
		p.pos--
		look, _, err := p.group()
		if err != nil {
			return nil, err
		}
		if look == nil || look.kind != kLook {
			return nil, p.fail(errCondAssertion, open+2)
		}
		n.cond = condLook
		n.subs = append(n.subs, look)
	} else if err := p.condition(n); err != nil {
		return nil, err
	}
	body, err := p.body(false)
	if err != nil {
		return nil, err
	}
	p.backrefs = true // captures matter for the match
	branches := []*node{body}
	if body.kind == kAlt {
		branches = body.subs
	}
	switch {
	case n.cond == condDefine && len(branches) > 1:
		p.refs = append(p.refs, groupRef{node: &node{}, reason: errDefineBranches, off: open + 3})
	case len(branches) > 2:
		p.refs = append(p.refs, groupRef{node: &node{}, reason: errCondBranches, off: open})
	case len(branches) == 1:
		branches = append(branches, &node{kind: kEmpty})
	}
	n.subs = append([]*node{branches[0], branches[1]}, n.subs...)
	return n, nil
}

// atAssertion reports whether a condition is followed by an assertion, in symbols or by name.
func (p *parser) atAssertion() bool {
	for _, open := range []string{"?=", "?!", "?<=", "?<!", "?*", "?<*"} {
		if p.looking(open) {
			return true
		}
	}
	return p.looking("*") && p.pos+1 < len(p.src) && 'a' <= p.src[p.pos+1] && p.src[p.pos+1] <= 'z'
}

// condition reads a condition that is not an assertion, and its closing parenthesis.
func (p *parser) condition(n *node) error {
	start := p.pos
	number, ok, err := p.groupNumber()
	switch {
	case err != nil:
		return err
	case ok && number == 0:
		return p.fail(errNoSuchGroup, p.pos)
	case ok:
		n.n = number
		p.refs = append(p.refs, groupRef{node: n, off: p.pos - 2})
		return p.closeCondition()
	case p.looking("VERSION="), p.looking("VERSION>="):
		i := strings.IndexByte(p.src[p.pos:], ')')
		if i < 0 {
			return p.fail(errCondUnclosed, len(p.src))
		}
		p.pos += i
		n.cond = condTrue
		return p.closeCondition()
	}
	var name string
	end := byte(0)
	switch {
	case p.looking("<"):
		end = '>'
	case p.looking("'"):
		end = '\''
	case p.looking("R&"):
		p.pos++
	default:
		p.pos--
	}
	off := p.pos + 1
	if name, err = p.name(end); err != nil {
		return err
	}
	if end == 0 && (!p.more() || p.src[p.pos] != ')') {
		return p.fail(errNameSyntax, p.pos)
	}
	switch {
	case off == start && name == "DEFINE":
		n.cond = condDefine
	case off == start && name == "R":
		n.cond, n.n = condRecurse, -1
	case off == start && name[0] == 'R' && strings.Trim(name[1:], "0123456789") == "" && !p.hasName(name):
		n.cond = condRecurse
		for _, c := range []byte(name[1:]) {
			n.n = min(n.n*10+int(c-'0'), maxGroup+1)
		}
		p.refs = append(p.refs, groupRef{node: n, off: off})
	case off == start+2:
		n.cond = condRecurse
		fallthrough
	default:
		p.refs = append(p.refs, groupRef{node: n, name: name, off: off})
	}
	return p.closeCondition()
}

func (p *parser) closeCondition() error {
	if !p.accept(')') {
		return p.fail(errCondUnclosed, p.pos)
	}
	return nil
}

func (p *parser) hasName(name string) bool {
	for _, known := range p.names {
		if known.Name == name {
			return true
		}
	}
	return false
}

// resolve checks that every group that is mentioned exists, and fills in the numbers of those mentioned by name.
func (p *parser) resolve(root *node) error {
	capture := map[int]*node{0: root}
	collect(root, capture)
	var failure error
	for _, ref := range p.refs {
		n := ref.node
		if ref.name == "" && n.n <= p.groups && ref.reason == "" {
			n.refs = []int{n.n}
		}
		for _, known := range p.names {
			if known.Name == ref.name {
				n.refs = append(n.refs, known.Group)
			}
		}
		switch {
		case len(n.refs) > 0:
			n.n = n.refs[0]
		case failure != nil:
		case ref.reason != "":
			failure = p.fail(ref.reason, ref.off)
		default:
			failure = p.fail(errNoSuchGroup, ref.off)
		}
	}
	if err := p.checkLookbehinds(root, capture); err != nil {
		return err
	}
	return failure
}

// collect finds the first group of every number.
func collect(n *node, capture map[int]*node) {
	if n.kind == kCapture && capture[n.n] == nil {
		capture[n.n] = n
	}
	for _, sub := range n.subs {
		collect(sub, capture)
	}
}

// checkLookbehinds refuses lookbehinds with a branch whose length is not fixed.
func (p *parser) checkLookbehinds(n *node, capture map[int]*node) error {
	if n.kind == kLook && n.behind {
		branches := []*node{n.subs[0]}
		if n.subs[0].kind == kAlt {
			branches = n.subs[0].subs
		}
		for _, branch := range branches {
			if fixedWidth(branch, capture, 0) < 0 {
				return p.fail(errLookbehindLength, n.off)
			}
		}
	}
	for _, sub := range n.subs {
		if err := p.checkLookbehinds(sub, capture); err != nil {
			return err
		}
	}
	return nil
}
