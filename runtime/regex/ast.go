package regex

// kind says what a node matches.
type kind uint8

const (
	kEmpty   kind = iota // nothing
	kFail                // never: (*FAIL), an empty class
	kChar                // the byte c, in either case if fold
	kSet                 // one byte out of set
	kRune                // one UTF-8 character out of class; only with (*UTF)
	kConcat              // subs in order
	kAlt                 // the first of subs that leads to a match
	kRepeat              // subs[0], min to max times
	kCapture             // subs[0], stored as group n
	kAssert              // a place between two bytes, n is one of the assert constants
	kLook                // subs[0] ahead of or behind this place, or not (neg)
	kAtomic              // subs[0], without going back into it
	kBackref             // what one of the groups in refs has matched
	kCall                // group n as a subroutine, 0 the whole pattern
	kCond                // subs[0] if the condition holds, else subs[1]
	kKeep                // \K
	kCommit              // (*COMMIT), (*PRUNE), (*SKIP): n is one of the commit constants
)

// The places of kAssert.
const (
	atStart       = iota // \A, \G, and ^ without m
	atLineStart          // ^ with m
	atEnd                // \z
	atEndLine            // \Z, and $ without m: the end or a final newline
	atLineEnd            // $ with m
	atWord               // \b
	notAtWord            // \B
	atWordOpening        // [[:<:]]
	atWordClosing        // [[:>:]]
)

// What happens when a match backtracks onto a kCommit.
const (
	commitAll   = iota // (*COMMIT): no match
	commitStart        // (*PRUNE): no match from this start
	commitSkip         // (*SKIP): go on with a start at this place
)

// The conditions of kCond.
const (
	condGroup   = iota // one of the groups in refs is set
	condRecurse        // inside a call of group n; -1 any
	condDefine         // never
	condLook           // subs[2], a kLook
	condTrue           // (?(VERSION>=...)
)

// How a kRepeat chooses among its counts.
const (
	greedy = iota
	lazy
	possessive
)

// unbounded is the max of *, + and {n,}, and the width of what has no greatest width.
const unbounded = -1

// node is one element of a parsed pattern.
type node struct {
	kind     kind
	c        byte
	fold     bool // kChar, kBackref: ASCII case does not matter (any case with (*UTF))
	neg      bool // kLook
	behind   bool // kLook
	grouped  bool // parentheses that do not capture are around it
	esc      byte // the escape that stands for it, by its letter (\R, \s); '.' for \N and a dot that is no newline; else 0
	mode     uint8
	cond     uint8
	n        int
	min, max int
	off      int // into the pattern, for errors found after parsing
	set      *byteSet
	class    *class
	refs     []int
	subs     []*node
}

// byteSet says which bytes belong to it.
type byteSet [256]bool

func (s *byteSet) addRange(lo, hi int) {
	for i := lo; i <= hi; i++ {
		s[i] = true
	}
}

func (s *byteSet) union(t *byteSet) {
	for i, in := range t {
		if in {
			s[i] = true
		}
	}
}

func (s *byteSet) disjoint(t *byteSet) bool {
	for i, in := range t {
		if in && s[i] {
			return false
		}
	}
	return true
}

func (s *byteSet) count() (n int) {
	for _, in := range s {
		if in {
			n++
		}
	}
	return n
}

// bytes returns the set of bytes that n matches when n matches exactly one byte, else nil.
func (n *node) bytes() *byteSet {
	switch n.kind {
	case kSet:
		return n.set
	case kChar:
		s := new(byteSet)
		s[n.c] = true
		if n.fold {
			s[otherCase(n.c)] = true
		}
		return s
	}
	return nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }

// otherCase returns the other case of an ASCII letter, any other byte unchanged.
func otherCase(c byte) byte {
	if isLetter(c) {
		return c ^ 0x20
	}
	return c
}

// lowerCase returns c in lower case.
func lowerCase(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// concat joins nodes, without a wrapper around one.
func concat(subs []*node) *node {
	switch len(subs) {
	case 0:
		return &node{kind: kEmpty}
	case 1:
		return subs[0]
	}
	return &node{kind: kConcat, subs: subs}
}
