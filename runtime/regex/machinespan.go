package regex

// span runs over the bytes of a set; for opGreedy it leaves a frame if it took more than min.
func (m *machine) span(in *inst, pc, pos int) (end int, ok bool) {
	s := m.s
	limit := len(s)
	if in.max >= 0 && int(in.max) < limit-pos {
		limit = pos + int(in.max)
	}
	if m.remember && in.op == opGreedy && m.known(in.choice, pos) {
		m.steps--
		return 0, false
	}
	end = pos
	set := in.set
	for end < limit && set[s[end]] {
		end++
	}
	least := pos + int(in.min)
	if end < least {
		return 0, false
	}
	if in.op == opGreedy && end > least {
		if m.failed(in.choice, pos) {
			return 0, false
		}
		m.push(frameGreedy, int32(pc), end, int32(least))
	}
	return end, true
}

// giveBack moves a greedy span back to the next place where the match may go on, and has not gone on in vain before.
func (m *machine) giveBack(f *frame) bool {
	in := &m.prog.insts[f.pc]
	for f.pos > f.arg {
		f.pos--
		m.steps--
		if in.next != nil && !in.next[m.s[f.pos]] {
			continue
		}
		if !m.remember || !m.note(in.after, int(f.pos)) {
			return true
		}
	}
	return false
}

// takeMore moves a lazy span forward to the next place where the match may go on, and has not gone on in vain before.
func (m *machine) takeMore(f *frame) bool {
	in := &m.prog.insts[f.pc]
	for f.pos < f.arg && in.set[m.s[f.pos]] {
		f.pos++
		m.steps--
		if m.mayFollow(in, int(f.pos)) && (!m.remember || !m.note(in.after, int(f.pos))) {
			return true
		}
	}
	return false
}

func (m *machine) mayFollow(in *inst, pos int) bool {
	if pos < len(m.s) {
		return in.next == nil || in.next[m.s[pos]]
	}
	return in.nextEnd
}

// failed reports whether the choice has been tried at this place before, in vain. It starts to keep a record when a
// match has become expensive.
func (m *machine) failed(choice int32, pos int) bool {
	if m.steps--; m.steps > maxSteps-memoAfter || !m.prog.pure {
		return false
	}
	if !m.remember {
		bits := m.prog.choices * (len(m.s) + 1)
		if bits > maxMemo {
			return false
		}
		words := (bits + 63) / 64
		if cap(m.memo) < words {
			m.memo = make([]uint64, words)
		}
		m.memo = m.memo[:words]
		clear(m.memo)
		m.remember = true
	}
	return m.note(choice, pos)
}

// known reports whether the table has a place.
func (m *machine) known(choice int32, pos int) bool {
	bit := int(choice)*(len(m.s)+1) + pos
	return m.memo[bit>>6]>>(bit&63)&1 != 0
}

// note enters a place into the table and reports whether it was there.
func (m *machine) note(choice int32, pos int) bool {
	bit := int(choice)*(len(m.s)+1) + pos
	word, mask := &m.memo[bit>>6], uint64(1)<<(bit&63)
	if *word&mask != 0 {
		return true
	}
	*word |= mask
	return false
}
