package regex

// repeat emits a quantified item.
func (c *compiler) repeat(n *node, k *follow) {
	sub := n.subs[0]
	switch {
	case n.max == 0:
		c.skipped(sub)
	case sub.bytes() != nil:
		c.span(n, k)
	case n.mode == possessive:
		again := *n
		again.mode = greedy
		c.atomic(&again)
	case n.max == unbounded:
		c.loop(n, k)
	default:
		c.counted(n, k)
	}
}

// skipped emits a group that is repeated zero times, which can still be called.
func (c *compiler) skipped(sub *node) {
	if !c.parser.calls {
		return
	}
	jump := c.emit(inst{op: opJump})
	c.node(sub, c.any)
	c.prog.insts[jump].x = c.here()
}

// span emits the repetition of a single byte.
func (c *compiler) span(n *node, k *follow) {
	sub := n.subs[0]
	if n.min == 1 && n.max == 1 {
		c.single(sub)
		return
	}
	set := c.sets.share(sub.bytes())
	in := inst{op: opSpan, min: int32(n.min), max: int32(n.max), set: set, next: c.intern(&k.set), nextEnd: k.end}
	// Where the next byte cannot be one of the set, taking all of them is the only way to go on.
	if n.mode != possessive && n.min != n.max && (in.next == nil || !set.disjoint(in.next)) {
		in.op = opGreedy
		if n.mode == lazy {
			in.op = opLazy
		}
		in.choice, in.after = c.choice(), c.choice()
	}
	c.emit(in)
}

// loop emits min copies and an open repetition of a group.
func (c *compiler) loop(n *node, k *follow) {
	sub := n.subs[0]
	again := firstsOfLoop(c, sub, k)
	inside := again.union(k)
	c.copies(sub, n.min-1, again)
	empty := nullable(sub)
	if empty {
		c.prog.pure = false
		inside = c.any
	}
	split := -1
	if n.min == 0 {
		split = c.choose(n, again, k)
	}
	reg := int32(-1)
	start := c.here()
	if empty {
		reg = c.reg(1)
		c.emit(inst{op: opMark, n: reg})
	}
	c.node(sub, inside)
	check := -1
	if empty {
		check = c.emit(inst{op: opLoopCheck, n: reg})
	}
	back := c.choose(n, again, k)
	c.link(back, n, start, c.here())
	if check >= 0 {
		c.prog.insts[check].x = c.here()
	}
	if split >= 0 {
		c.link(split, n, start, c.here())
	}
}

// copies emits sub n times, or once if that takes no instructions.
func (c *compiler) copies(sub *node, n int, k *follow) {
	for ; n > 0 && !c.full; n-- {
		before := c.here()
		if c.node(sub, k); c.here() == before {
			return
		}
	}
}

// firstsOfLoop returns how another iteration of sub, which k follows, may begin.
func firstsOfLoop(c *compiler, sub *node, k *follow) *follow {
	if nullable(sub) {
		return c.any
	}
	return c.firsts(sub, k)
}

// choose emits the choice between another iteration and what follows.
func (c *compiler) choose(n *node, again, k *follow) int {
	if n.mode == lazy {
		return c.split(k, again)
	}
	return c.split(again, k)
}

// link sets the targets of such a choice.
func (c *compiler) link(split int, n *node, again, after int32) {
	if c.full {
		return
	}
	in := &c.prog.insts[split]
	in.x, in.y = again, after
	if n.mode == lazy {
		in.x, in.y = after, again
	}
}

// counted emits {min,max} of a group: min copies and max-min optional ones, each inside the one before.
func (c *compiler) counted(n *node, k *follow) {
	sub := n.subs[0]
	again := firstsOfLoop(c, sub, k)
	inside := again.union(k)
	c.copies(sub, n.min, inside)
	var splits []int
	for i := n.min; i < n.max && !c.full; i++ {
		split := c.choose(n, again, k)
		splits = append(splits, split)
		c.link(split, n, c.here(), 0)
		c.node(sub, inside)
	}
	for _, split := range splits {
		if n.mode == lazy {
			c.prog.insts[split].x = c.here()
		} else {
			c.prog.insts[split].y = c.here()
		}
	}
}
