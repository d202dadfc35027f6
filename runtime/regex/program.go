package regex

// opcode is an instruction of the machine. Where nothing else is said the next instruction follows.
type opcode uint8

const (
	opMatch     opcode = iota
	opFail             // backtrack
	opChar             // the byte c
	opSet              // one byte of set
	opString           // the bytes of str
	opFold             // the bytes of str, which is lower case, in any case
	opRune             // one UTF-8 character of class
	opSpan             // min to max bytes of set, as many as there are, for good
	opGreedy           // the same, giving back one at a time
	opLazy             // the same, starting with min
	opSplit            // go to x, later to y
	opJump             // go to x
	opSave             // note the place in capture slot n
	opAssert           // the place is of kind n
	opBackref          // what group refs has matched
	opBack             // n characters back, for a lookbehind
	opMark             // note the place in register n
	opClose            // set the capture slots n and n+1 from register x and the place
	opLoopCheck        // go to x if an iteration was empty
	opAtomicIn         // note the height of the stack in register n
	opAtomicOut        // drop the choices made since
	opLookIn           // note height and place in registers n and n+1; with x >= 0 leave a choice to go there
	opLookOut          // drop the choices made since and go back to the place
	opLookFail         // undo everything since, then backtrack
	opCall             // go to x and come back at the end of group n
	opReturn           // the end of group n: return if it was called
	opCondGroup        // go to x unless one of the groups in refs is set
	opCondCall         // go to x unless inside a call of group n (-1: of any)
	opCommit           // backtracking over this ends the attempt, or (n) the match
)

// inst is one instruction.
type inst struct {
	op       opcode
	c        byte
	fold     bool
	firstEnd bool // the end of the subject may follow where set or next are checked
	nextEnd  bool
	utf      bool
	n        int32
	x, y     int32
	min, max int32 // max -1: no limit
	choice   int32 // the number of the choice for the table of failed places
	after    int32 // opGreedy, opLazy: the number, in that table, of what follows the span
	set      *byteSet
	next     *byteSet // what may follow; nil: anything
	str      string
	class    *class
	refs     []int
}

// program is what the machine runs.
type program struct {
	insts   []inst
	slots   int  // capture slots: twice the number of groups, the whole match included
	regs    int  // registers of loops, atomic groups and lookarounds
	choices int  // numbers in the table of failed places that instructions have
	pure    bool // the outcome at an instruction depends on the place only, so failed places can be remembered
	useCaps bool // captures matter for matching: backreferences, conditions, calls
}
