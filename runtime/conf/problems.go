package conf

import (
	"slices"

	"github.com/sluiceproxy/sluice/parser"
)

// Severity of a problem, in nginx's words.
type Severity string

// The severities a configuration problem can have.
const (
	Emerg Severity = "emerg"
	Crit  Severity = "crit" // a file that opens and cannot be read; as fatal as Emerg
	Warn  Severity = "warn"
)

// Problem is one finding about the configuration, in nginx's wording with its
// location.
type Problem struct {
	Severity Severity
	Text     string
	Node     *Node   // the statement it is about, nil when it is about none
	In       Context // the kind of block that the statement stands in, 0 where it was not entered
	End      bool    // found when the block Node was complete, and located at a closing brace
	seq      int
}

// Seq is the problem's place in reading order: that of the statement at which
// nginx would have met it, see [Node].
func (p *Problem) Seq() int { return p.seq }

// Error is the failure of a load: the first problem nginx would have stopped
// at. It implements error with the text alone.
type Error struct{ Problem }

func (e *Error) Error() string { return e.Text }

func (l *Loader) problem(seq int, s Severity, text string) {
	l.add(Problem{Severity: s, Text: text, seq: seq})
}

// problemAt is problem with the statement it is about.
func (l *Loader) problemAt(n *Node, in Context, s Severity, text string) {
	l.add(Problem{Severity: s, Text: text, Node: n, In: in, seq: n.Seq})
}

func (l *Loader) add(p Problem) {
	if !l.Skip[p.seq] {
		l.problems = append(l.problems, p)
	}
}

// Warnf reports a warning that has no place in the files.
func (l *Loader) Warnf(format string, args ...any) {
	l.problem(l.lastSeq, Warn, Sprintf(format, args...))
}

// Errorf reports an error that has no place in the files.
func (l *Loader) Errorf(format string, args ...any) {
	l.problem(l.lastSeq, Emerg, Sprintf(format, args...))
}

// Problems returns everything found, in nginx's reading order.
func (l *Loader) Problems() []Problem {
	slices.SortStableFunc(l.problems, func(a, b Problem) int { return a.seq - b.seq })
	return l.problems
}

// Warnings returns the warnings nginx would have printed: those before the
// first error.
func (l *Loader) Warnings() (out []string) {
	for _, p := range l.Problems() {
		if p.Severity != Warn {
			break
		}
		out = append(out, p.Text)
	}
	return out
}

func (l *Loader) firstError() *Error {
	for _, p := range l.Problems() {
		if p.Severity != Warn {
			return &Error{p}
		}
	}
	return nil
}

// located adds nginx's location to a message. The -g option has no file.
func located(text string, f *parser.File, line int) string {
	if f == nil || f.Path == "" {
		return text + " in command line"
	}
	return text + " in " + f.Path + ":" + itoa(line)
}
