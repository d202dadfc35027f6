package regex

import "sync"

const (
	maxSteps  = 10_000_000 // PCRE2's default match limit
	maxFrames = 1 << 20    // 16 MB; PCRE2 allows 20
	maxDepth  = 1 << 14    // of group calls

	memoAfter = 1 << 10 // steps after which failed places are remembered
	maxMemo   = 1 << 23 // bits of that table: 1 MB
	keepSize  = 1 << 12 // frames and words that a pooled machine may keep
)

// frameKind says what to do when the machine backtracks onto a frame.
type frameKind int32

const (
	frameBranch frameKind = iota // go to pc at pos
	frameGreedy                  // give back one byte, down to arg
	frameLazy                    // take one more byte, up to arg
	frameSlot                    // restore capture slot pc to pos
	frameReg                     // restore register pc to pos
	frameCall                    // restore the current call to pc
	frameCommit                  // end the attempt; pc is the kind, pos the place
)

type frame struct {
	kind frameKind
	pc   int32
	pos  int32
	arg  int32
}

// call is a group used as a subroutine.
type call struct {
	parent int32
	back   int32 // where to go on
	pos    int32
	group  int32
	saved  int32 // where the captures and registers from before begin in machine.saved
}

// machine is the state of one match. Everything is reused by the next one.
type machine struct {
	_     noCopy
	prog  *program
	s     []byte
	steps int
	err   MatchError
	next  int // where (*SKIP) wants the next attempt; -1 none
	done  bool

	stack []frame
	slots []int32
	regs  []int32
	calls []call
	saved []int32
	cur   int32 // the current call, -1 none

	remember bool
	memo     []uint64
}

// noCopy makes vet complain about copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// machines holds idle machines; they carry nothing over from one match to the next but memory.
var machines = sync.Pool{New: func() any { return new(machine) }}

// start prepares m for a match of s.
func (m *machine) start(prog *program, s []byte) {
	m.prog, m.s = prog, s
	m.steps, m.err, m.next = maxSteps, 0, -1
	m.remember, m.done = false, false
	if cap(m.slots) < prog.slots {
		m.slots = make([]int32, prog.slots)
	}
	m.slots = m.slots[:prog.slots]
	if cap(m.regs) < prog.regs {
		m.regs = make([]int32, prog.regs)
	}
	m.regs = m.regs[:prog.regs]
}

// release gives m back without references to the subject, and without what an unusual match has made it grow to.
func (m *machine) release() {
	m.s, m.prog = nil, nil
	if cap(m.stack) > keepSize {
		m.stack = nil
	}
	if cap(m.memo) > keepSize {
		m.memo = nil
	}
	if cap(m.saved) > keepSize || cap(m.calls) > keepSize {
		m.saved, m.calls = nil, nil
	}
	machines.Put(m)
}

// attempt tries to match at the byte offset from and nowhere else.
func (m *machine) attempt(from int) bool {
	for i := range m.slots {
		m.slots[i] = -1
	}
	m.stack, m.calls, m.saved, m.cur = m.stack[:0], m.calls[:0], m.saved[:0], -1
	m.slots[0] = int32(from)
	end := m.run(from)
	if end < 0 {
		return false
	}
	m.slots[1] = int32(end)
	return true
}

// run executes the program from its first instruction and returns where the match ends, -1 if there is none.
func (m *machine) run(pos int) int {
	s, insts := m.s, m.prog.insts
	pc := 0
	for {
		in := &insts[pc]
		switch in.op {
		case opMatch:
			return pos
		case opChar:
			if pos < len(s) && s[pos] == in.c {
				pos++
				pc++
				continue
			}
		case opSet:
			if pos < len(s) && in.set[s[pos]] {
				pos++
				pc++
				continue
			}
		case opString:
			if end := pos + len(in.str); end <= len(s) && string(s[pos:end]) == in.str {
				pos = end
				pc++
				continue
			}
		case opFold:
			if hasFoldPrefix(s[pos:], in.str) {
				pos += len(in.str)
				pc++
				continue
			}
		case opSpan, opGreedy:
			if end, ok := m.span(in, pc, pos); ok {
				pos = end
				pc++
				continue
			}
		case opSplit:
			first, second := in.set == nil, in.next == nil
			if pos < len(s) {
				first = first || in.set[s[pos]]
				second = second || in.next[s[pos]]
			} else {
				first, second = in.firstEnd, in.nextEnd
			}
			switch {
			case first && second:
				if m.failed(in.choice, pos) {
					break
				}
				m.push(frameBranch, in.y, pos, 0)
				pc = int(in.x)
				continue
			case first:
				pc = int(in.x)
				continue
			case second:
				pc = int(in.y)
				continue
			}
		case opJump:
			pc = int(in.x)
			continue
		case opSave:
			m.setSlot(in.n, pos)
			pc++
			continue
		case opAssert:
			if m.holds(in.n, pos) {
				pc++
				continue
			}
		default:
			if pc, pos = m.rare(in, pc, pos); pc >= 0 {
				continue
			}
		}
		if pc, pos = m.backtrack(); pc < 0 {
			return -1
		}
	}
}

func (m *machine) push(kind frameKind, pc int32, pos int, arg int32) {
	m.stack = append(m.stack, frame{kind: kind, pc: pc, pos: int32(pos), arg: arg})
}

// setSlot notes a capture; the old value comes back when an earlier choice is taken up again.
func (m *machine) setSlot(n int32, pos int) {
	if len(m.stack) > 0 {
		m.push(frameSlot, n, int(m.slots[n]), 0)
	}
	m.slots[n] = int32(pos)
}

func (m *machine) setReg(n int32, v int) {
	m.push(frameReg, n, int(m.regs[n]), 0)
	m.regs[n] = int32(v)
}

// backtrack takes up the latest choice that is left; pc -1 if there is none.
func (m *machine) backtrack() (pc, pos int) {
	for len(m.stack) > 0 {
		if m.steps--; m.steps < 0 {
			m.fail(ErrMatchLimit)
			return -1, 0
		}
		if len(m.stack) > maxFrames {
			m.fail(ErrDepthLimit)
			return -1, 0
		}
		top := len(m.stack) - 1
		f := &m.stack[top]
		switch f.kind {
		case frameBranch:
			m.stack = m.stack[:top]
			return int(f.pc), int(f.pos)
		case frameGreedy:
			if m.giveBack(f) {
				return int(f.pc) + 1, int(f.pos)
			}
			m.stack = m.stack[:top]
		case frameLazy:
			if m.takeMore(f) {
				return int(f.pc) + 1, int(f.pos)
			}
			m.stack = m.stack[:top]
		case frameCommit:
			m.commit(f)
			return -1, 0
		default:
			m.undo(f)
			m.stack = m.stack[:top]
		}
	}
	return -1, 0
}

// undo restores what a frame other than a choice has saved.
func (m *machine) undo(f *frame) {
	switch f.kind {
	case frameSlot:
		m.slots[f.pc] = f.pos
	case frameReg:
		m.regs[f.pc] = f.pos
	case frameCall:
		m.cur = f.pc
	}
}

// fail ends the whole match with an error.
func (m *machine) fail(err MatchError) {
	m.err, m.done = err, true
	m.stack = m.stack[:0]
}

// holds tests a place.
func (m *machine) holds(at int32, pos int) bool {
	s := m.s
	switch at {
	case atStart:
		return pos == 0
	case atLineStart:
		return pos == 0 || s[pos-1] == '\n' && pos < len(s)
	case atEnd:
		return pos == len(s)
	case atEndLine:
		return pos == len(s) || pos == len(s)-1 && s[pos] == '\n'
	case atLineEnd:
		return pos == len(s) || s[pos] == '\n'
	}
	before := pos > 0 && isWord(s[pos-1])
	after := pos < len(s) && isWord(s[pos])
	switch at {
	case atWord:
		return before != after
	case notAtWord:
		return before == after
	case atWordOpening:
		return !before && after
	}
	return before && !after
}
