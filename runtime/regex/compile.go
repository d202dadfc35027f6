package regex

import (
	"slices"
	"strings"
)

// maxProgram bounds the number of instructions; PCRE2's limit of 64 KB of code is of the same order.
const maxProgram = 1 << 15

// compiler turns a tree into a program.
type compiler struct {
	parser  *parser
	prog    program
	sets    *byteSets
	entry   map[int]int32 // the first instruction of each group
	calls   []int         // instructions whose x is the entry of group n
	capture map[int]*node
	full    bool // the program has become too large
	any     *follow
}

func compile(p *parser, root *node, sets *byteSets) (*program, error) {
	c := &compiler{parser: p, sets: sets, entry: map[int]int32{0: 0}, any: anything()}
	c.capture = map[int]*node{0: root}
	collect(root, c.capture)
	c.prog.slots = 2 * (p.groups + 1)
	c.prog.pure = !p.backrefs && !p.calls
	c.prog.useCaps = p.backrefs || p.calls
	c.node(root, c.any)
	if p.calls {
		c.emit(inst{op: opReturn})
	}
	c.emit(inst{op: opMatch})
	if c.full {
		return nil, p.fail(errTooLarge, len(p.src))
	}
	for _, i := range c.calls {
		c.prog.insts[i].x = c.entry[int(c.prog.insts[i].n)]
	}
	prog := c.prog // a copy: the tree and what else the compiler knows are not kept
	prog.insts = slices.Clone(prog.insts)
	return &prog, nil
}

// emit appends an instruction and returns its number.
func (c *compiler) emit(in inst) int {
	if len(c.prog.insts) >= maxProgram {
		c.full = true
		return 0
	}
	c.prog.insts = append(c.prog.insts, in)
	return len(c.prog.insts) - 1
}

func (c *compiler) here() int32 { return int32(len(c.prog.insts)) }

func (c *compiler) reg(n int) int32 {
	c.prog.regs += n
	return int32(c.prog.regs - n)
}

func (c *compiler) choice() int32 {
	c.prog.choices++
	return int32(c.prog.choices - 1)
}

// intern returns one copy of each set, nil for the set of all bytes.
func (c *compiler) intern(s *byteSet) *byteSet {
	if *s == c.any.set {
		return nil
	}
	return c.sets.share(s)
}

// firsts is the analysis of the same name; a program with calls cannot use it, since what follows a group there
// depends on the caller.
func (c *compiler) firsts(n *node, k *follow) *follow {
	if c.parser.calls {
		return c.any
	}
	return firsts(n, k)
}

// node emits the code for n, which is followed by k.
func (c *compiler) node(n *node, k *follow) {
	if c.full {
		return
	}
	switch n.kind {
	case kFail:
		c.emit(inst{op: opFail})
	case kChar, kSet:
		c.single(n)
	case kRune:
		c.emit(inst{op: opRune, class: n.class})
	case kConcat:
		c.concat(n.subs, k)
	case kAlt:
		c.alternatives(n.subs, k)
	case kRepeat:
		c.repeat(n, k)
	case kCapture:
		c.group(n, k)
	case kAssert:
		c.emit(inst{op: opAssert, n: int32(n.n)})
	case kLook:
		c.look(n)
	case kAtomic:
		c.atomic(n.subs[0])
	case kBackref:
		c.emit(inst{op: opBackref, refs: n.refs, fold: n.fold, utf: c.parser.utf})
	case kCall:
		c.calls = append(c.calls, c.emit(inst{op: opCall, n: int32(n.n)}))
	case kCond:
		c.conditional(n, k)
	case kKeep:
		c.emit(inst{op: opSave})
	case kCommit:
		c.prog.pure = false
		c.emit(inst{op: opCommit, n: int32(n.n)})
	}
}

func (c *compiler) single(n *node) {
	switch {
	case n.kind == kSet:
		c.emit(inst{op: opSet, set: c.sets.share(n.set)})
	case n.fold:
		c.emit(inst{op: opSet, set: c.sets.share(n.bytes())})
	default:
		c.emit(inst{op: opChar, c: n.c})
	}
}

// concat emits a sequence, with runs of characters as one instruction.
func (c *compiler) concat(subs []*node, k *follow) {
	follows := make([]*follow, len(subs))
	for i := len(subs) - 1; i >= 0; i-- {
		follows[i] = k
		k = c.firsts(subs[i], k)
	}
	for i := 0; i < len(subs); {
		run := literalRun(subs[i:])
		if run < 2 {
			c.node(subs[i], follows[i])
			i++
			continue
		}
		var text strings.Builder
		fold := false
		for _, sub := range subs[i : i+run] {
			text.WriteByte(sub.c)
			fold = fold || sub.fold
		}
		if fold {
			c.emit(inst{op: opFold, str: lowerString(text.String())})
		} else {
			c.emit(inst{op: opString, str: text.String()})
		}
		i += run
	}
}

// literalRun counts the characters at the start of subs that can be compared in one go: all with regard to case, or
// none.
func literalRun(subs []*node) int {
	folded, exact := false, false
	for i, sub := range subs {
		if sub.kind != kChar {
			return i
		}
		folded = folded || sub.fold
		exact = exact || !sub.fold && isLetter(sub.c)
		if folded && exact {
			return i
		}
	}
	return len(subs)
}

func (c *compiler) alternatives(subs []*node, k *follow) {
	starts := make([]*follow, len(subs))
	rest := make([]*follow, len(subs)) // how one of subs[i:] may begin
	for i := len(subs) - 1; i >= 0; i-- {
		starts[i] = c.firsts(subs[i], k)
		rest[i] = starts[i]
		if i+1 < len(subs) {
			rest[i] = starts[i].union(rest[i+1])
		}
	}
	var ends []int
	for i, sub := range subs[:len(subs)-1] {
		split := c.split(starts[i], rest[i+1])
		c.prog.insts[split].x = c.here()
		c.node(sub, k)
		ends = append(ends, c.emit(inst{op: opJump}))
		c.prog.insts[split].y = c.here()
	}
	c.node(subs[len(subs)-1], k)
	for _, i := range ends {
		c.prog.insts[i].x = c.here()
	}
}

// split emits a choice between two continuations.
func (c *compiler) split(first, second *follow) int {
	return c.emit(inst{
		op: opSplit, choice: c.choice(),
		set: c.intern(&first.set), firstEnd: first.end,
		next: c.intern(&second.set), nextEnd: second.end,
	})
}

func (c *compiler) group(n *node, k *follow) {
	if _, ok := c.entry[n.n]; !ok {
		c.entry[n.n] = c.here()
	}
	if c.prog.useCaps { // until the group is closed, its old value counts
		reg := c.reg(1)
		c.emit(inst{op: opMark, n: reg})
		c.node(n.subs[0], k)
		c.emit(inst{op: opClose, n: int32(2 * n.n), x: reg})
	} else {
		c.emit(inst{op: opSave, n: int32(2 * n.n)})
		c.node(n.subs[0], k)
		c.emit(inst{op: opSave, n: int32(2*n.n + 1)})
	}
	if c.parser.calls {
		c.emit(inst{op: opReturn, n: int32(n.n)})
	}
}

func (c *compiler) atomic(body *node) {
	c.prog.pure = false
	reg := c.reg(1)
	c.emit(inst{op: opAtomicIn, n: reg})
	c.node(body, c.any)
	c.emit(inst{op: opAtomicOut, n: reg})
}

// look emits a lookaround: lookIn, the body, lookOut or lookFail.
func (c *compiler) look(n *node) {
	c.prog.pure = false
	in := c.emit(inst{op: opLookIn, n: c.reg(2), x: -1})
	c.lookBody(n)
	if !n.neg {
		c.emit(inst{op: opLookOut, n: c.prog.insts[in].n})
		return
	}
	c.emit(inst{op: opLookFail, n: c.prog.insts[in].n})
	c.prog.insts[in].x = c.here()
}

func (c *compiler) lookBody(n *node) {
	body := n.subs[0]
	if !n.behind {
		c.node(body, c.any)
		return
	}
	branches := []*node{body}
	if body.kind == kAlt {
		branches = body.subs
	}
	var ends []int
	for i, branch := range branches {
		split := -1
		if i+1 < len(branches) {
			split = c.split(c.any, c.any)
			c.prog.insts[split].x = c.here()
		}
		c.emit(inst{op: opBack, n: int32(fixedWidth(branch, c.capture, 0)), utf: c.parser.utf})
		c.node(branch, c.any)
		if split >= 0 {
			ends = append(ends, c.emit(inst{op: opJump}))
			c.prog.insts[split].y = c.here()
		}
	}
	for _, i := range ends {
		c.prog.insts[i].x = c.here()
	}
}

func (c *compiler) conditional(n *node, k *follow) {
	c.prog.pure = false
	yes, no := n.subs[0], n.subs[1]
	var test int
	switch n.cond {
	case condTrue:
		c.node(yes, k)
		return
	case condDefine:
		test = c.emit(inst{op: opJump})
	case condGroup:
		test = c.emit(inst{op: opCondGroup, refs: n.refs})
	case condRecurse:
		test = c.emit(inst{op: opCondCall, n: int32(n.n)})
	case condLook:
		look := n.subs[2]
		test = c.emit(inst{op: opLookIn, n: c.reg(2)})
		c.lookBody(look)
		c.emit(inst{op: opLookOut, n: c.prog.insts[test].n})
		if look.neg {
			yes, no = no, yes
		}
	}
	c.node(yes, k)
	end := c.emit(inst{op: opJump})
	c.prog.insts[test].x = c.here()
	if n.cond != condDefine {
		c.node(no, k)
	}
	c.prog.insts[end].x = c.here()
}
