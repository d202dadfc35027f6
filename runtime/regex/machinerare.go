package regex

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// rare executes the instructions that few patterns have; pc -1 asks to backtrack.
func (m *machine) rare(in *inst, pc, pos int) (int, int) {
	switch in.op {
	case opRune:
		if end, ok := m.rune(in, pos); ok {
			return pc + 1, end
		}
	case opLazy:
		return m.lazy(in, pc, pos)
	case opBackref:
		if end, ok := m.backref(in, pos); ok {
			return pc + 1, end
		}
	case opBack:
		if pos = m.back(in, pos); pos >= 0 {
			return pc + 1, pos
		}
	case opMark:
		m.setReg(in.n, pos)
		return pc + 1, pos
	case opClose:
		m.setSlot(in.n, int(m.regs[in.x]))
		m.setSlot(in.n+1, pos)
		return pc + 1, pos
	case opLoopCheck:
		if m.regs[in.n] == int32(pos) {
			return int(in.x), pos
		}
		return pc + 1, pos
	case opAtomicIn:
		m.setReg(in.n, len(m.stack))
		return pc + 1, pos
	case opAtomicOut:
		m.cut(int(m.regs[in.n]))
		return pc + 1, pos
	case opLookIn:
		height := len(m.stack)
		m.setReg(in.n, height)
		m.setReg(in.n+1, pos)
		if in.x >= 0 {
			m.push(frameBranch, in.x, pos, 0)
		}
		return pc + 1, pos
	case opLookOut:
		pos = int(m.regs[in.n+1])
		m.cut(int(m.regs[in.n]))
		return pc + 1, pos
	case opLookFail:
		m.unwind(int(m.regs[in.n]))
	case opCall:
		return m.call(in, pc, pos)
	case opReturn:
		return m.ret(in, pc, pos)
	case opCondGroup:
		for _, n := range in.refs {
			if m.slots[2*n+1] >= 0 {
				return pc + 1, pos
			}
		}
		return int(in.x), pos
	case opCondCall:
		if m.cur >= 0 && (in.n < 0 || m.calls[m.cur].group == in.n) {
			return pc + 1, pos
		}
		return int(in.x), pos
	case opCommit:
		m.push(frameCommit, in.n, pos, 0)
		return pc + 1, pos
	}
	return -1, pos
}

// rune reads one character of a class; the subject is known to be UTF-8.
func (m *machine) rune(in *inst, pos int) (end int, ok bool) {
	if pos >= len(m.s) {
		return 0, false
	}
	r, size := utf8.DecodeRune(m.s[pos:])
	return pos + size, in.class.contains(r)
}

// lazy takes the least number of bytes and leaves a frame to take more.
func (m *machine) lazy(in *inst, pc, pos int) (int, int) {
	s := m.s
	limit := len(s)
	if in.max >= 0 && int(in.max) < limit-pos {
		limit = pos + int(in.max)
	}
	least := pos + int(in.min)
	if least > limit {
		return -1, pos
	}
	for ; pos < least; pos++ {
		if !in.set[s[pos]] {
			return -1, pos
		}
	}
	if m.failed(in.choice, pos) {
		return -1, pos
	}
	m.push(frameLazy, int32(pc), pos, int32(limit))
	if m.mayFollow(in, pos) {
		return pc + 1, pos
	}
	return -1, pos
}

// cut drops the choices above height and keeps what restores captures and registers.
func (m *machine) cut(height int) {
	kept := height
	for i := height; i < len(m.stack); i++ {
		switch m.stack[i].kind {
		case frameSlot, frameReg, frameCall:
			m.stack[kept] = m.stack[i]
			kept++
		}
	}
	m.stack = m.stack[:kept]
}

// unwind drops everything above height, restoring captures and registers.
func (m *machine) unwind(height int) {
	for i := len(m.stack) - 1; i >= height; i-- {
		m.undo(&m.stack[i])
	}
	m.stack = m.stack[:height]
}

// commit ends the attempt at (*COMMIT), (*PRUNE) or (*SKIP).
func (m *machine) commit(f *frame) {
	switch f.pc {
	case commitAll:
		m.done = true
	case commitSkip:
		m.next = int(f.pos)
	}
	m.stack = m.stack[:0]
}

// backref compares with what a group has matched. A group that is not set does not match.
func (m *machine) backref(in *inst, pos int) (end int, ok bool) {
	for _, n := range in.refs {
		from, to := m.slots[2*n], m.slots[2*n+1]
		if from < 0 || to < from {
			continue
		}
		want, rest := m.s[from:to], m.s[pos:]
		switch {
		case !in.fold:
			return pos + len(want), bytes.HasPrefix(rest, want)
		case !in.utf:
			return pos + len(want), len(want) <= len(rest) && equalFold(rest[:len(want)], want)
		}
		return m.foldedRunes(want, pos)
	}
	return 0, false
}

func equalFold(a, b []byte) bool {
	for i, c := range b {
		if lowerCase(a[i]) != lowerCase(c) {
			return false
		}
	}
	return true
}

func (m *machine) foldedRunes(want []byte, pos int) (end int, ok bool) {
	for len(want) > 0 {
		if pos >= len(m.s) {
			return 0, false
		}
		a, n := utf8.DecodeRune(want)
		b, k := utf8.DecodeRune(m.s[pos:])
		for r := unicode.SimpleFold(b); b != a && r != b; r = unicode.SimpleFold(r) {
			if r == a {
				b = a
				break
			}
		}
		if a != b {
			return 0, false
		}
		want = want[n:]
		pos += k
	}
	return pos, true
}

// back goes back for a lookbehind; -1 if the subject does not reach that far.
func (m *machine) back(in *inst, pos int) int {
	if !in.utf {
		return max(pos-int(in.n), -1)
	}
	for i := int32(0); i < in.n; i++ {
		if pos == 0 {
			return -1
		}
		_, size := utf8.DecodeLastRune(m.s[:pos])
		pos -= size
	}
	return pos
}

// call enters a group as a subroutine.
func (m *machine) call(in *inst, pc, pos int) (int, int) {
	depth := 0
	for i := m.cur; i >= 0; i = m.calls[i].parent {
		if c := &m.calls[i]; c.group == in.n && int(c.pos) == pos {
			m.fail(ErrRecursionLoop)
			return -1, pos
		}
		depth++
	}
	if m.steps--; depth > maxDepth || len(m.calls) > maxFrames || len(m.saved) > maxFrames {
		m.fail(ErrDepthLimit)
		return -1, pos
	}
	m.push(frameCall, m.cur, 0, 0)
	m.calls = append(m.calls, call{
		parent: m.cur, back: int32(pc + 1), pos: int32(pos), group: in.n, saved: int32(len(m.saved)),
	})
	m.saved = append(m.saved, m.slots...)
	m.saved = append(m.saved, m.regs...)
	m.cur = int32(len(m.calls) - 1)
	return int(in.x), pos
}

// ret ends a group: if it was called, the captures and registers of the caller come back and the match goes on there.
func (m *machine) ret(in *inst, pc, pos int) (int, int) {
	if m.cur < 0 || m.calls[m.cur].group != in.n {
		return pc + 1, pos
	}
	c := m.calls[m.cur]
	saved := m.saved[c.saved:]
	for i := range m.slots {
		if v := saved[i]; v != m.slots[i] {
			m.setSlot(int32(i), int(v))
		}
	}
	for i := range m.regs {
		if v := saved[len(m.slots)+i]; v != m.regs[i] {
			m.setReg(int32(i), int(v))
		}
	}
	m.push(frameCall, m.cur, 0, 0)
	m.cur = c.parent
	return int(c.back), pos
}
