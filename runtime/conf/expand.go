package conf

import (
	"errors"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
)

// Node is a statement with its place in reading order, includes expanded.
type Node struct {
	*parser.Directive
	Seq      int // grows in the order in which nginx meets the statements
	EndSeq   int // of the closing brace
	Children []*Node
}

// maxIncludeDepth bounds include nesting; nginx itself stops only when it runs
// out of file descriptors.
const maxIncludeDepth = 64

// Opaque names blocks that read their items themselves and know no include.
func (l *Loader) Opaque(names ...string) { l.opaque = append(l.opaque, names...) }

// expander walks a parsed file and gives every statement its number.
type expander struct {
	l     *Loader
	seq   int
	depth int
	full  bool // includes went too deep: no more of them is read
}

func (x *expander) next() int {
	x.seq++
	return x.seq
}

func (x *expander) list(in []*parser.Directive, parent string) []*Node {
	out := make([]*Node, 0, len(in))
	for _, d := range in {
		x.l.pause.due()
		if d.Err == nil && d.Name.Value == "include" && !d.IsBlock && len(d.Args) == 1 && !slices.Contains(x.l.opaque, parent) {
			out = append(out, x.include(d, parent)...)
			continue
		}
		n := &Node{Directive: d, Seq: x.next()}
		if d.IsBlock {
			n.Children = x.list(d.Block, d.Name.Value)
			n.EndSeq = x.next()
		}
		if x.l.Skip[n.Seq] {
			continue
		}
		out = append(out, n)
	}
	return out
}

func (x *expander) include(d *parser.Directive, parent string) []*Node {
	seq := x.next()
	paths, err := parser.IncludeFrom(d.Args[0].Value, folder(x.l.ConfPath), x.l.Inputs.Glob)
	if err != nil {
		x.l.problemAt(&Node{Directive: d, Seq: seq}, 0, Emerg, located(err.Error(), d.File, d.Line))
		return nil
	}
	var out []*Node
	for _, p := range paths {
		if x.full {
			return out
		}
		if x.depth >= maxIncludeDepth {
			x.full = true
			text := located(`open() "`+p+`" failed (24: Too many open files)`, d.File, d.Line)
			x.l.problemAt(&Node{Directive: d, Seq: x.next()}, 0, Emerg, text)
			return out
		}
		f, err := x.l.open(p)
		if err != nil {
			x.unreadable(err, d)
			return out
		}
		f.IncludedBy = d
		x.depth++
		out = append(out, x.list(f.Body, parent)...)
		x.depth--
	}
	return out
}

// unreadable reports a configuration file that could not be read. d is the
// statement that names it, nil for the main file.
func (x *expander) unreadable(err error, d *parser.Directive) {
	var fe *parser.FileError
	switch {
	case errors.As(err, &fe) && fe.NoLocation:
		x.l.problem(x.next(), Crit, err.Error())
	case d == nil:
		x.l.problem(x.next(), Emerg, err.Error())
	default:
		x.l.problemAt(&Node{Directive: d, Seq: x.next()}, 0, Emerg, located(err.Error(), d.File, d.Line))
	}
}

// open reads a configuration file and remembers it for the dump.
func (l *Loader) open(path string) (*parser.File, error) {
	data, err := l.Inputs.ReadConf(path)
	if err != nil {
		return nil, err
	}
	f := parser.ParseWith(path, data, l.pause.due)
	for _, old := range l.Files {
		if old.Path == f.Path {
			return f, nil
		}
	}
	l.Files = append(l.Files, f)
	return f, nil
}

// folder is the part of a file's name up to its last slash, as it was written.
func folder(name string) string { return name[:strings.LastIndexByte(name, '/')+1] }
