package check

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// span is a part of a file, in bytes. file is nil for none.
type span struct {
	file       *parser.File
	start, end int
}

func itoa(n int) string { return strconv.Itoa(n) }

// word is the span of a word of n.
func word(n *conf.Node, a parser.Arg) span { return span{n.File, a.Start.Offset, a.End.Offset} }

// words is the span of some words of n.
func words(n *conf.Node, first, last parser.Arg) span {
	return span{n.File, first.Start.Offset, last.End.Offset}
}

// lastWord is the last argument of n, or its name.
func lastWord(n *conf.Node) parser.Arg {
	if len(n.Args) > 0 {
		return n.Args[len(n.Args)-1]
	}
	return n.Name
}

// behind is the span of what follows the last word of n: its ";" or "{".
func behind(n *conf.Node) span {
	s := after(n, lastWord(n))
	data := n.File.Data
	for i := s.start; i < len(data) && isSpace(data[i]); i++ {
		if i+1 < len(data) && (data[i+1] == ';' || data[i+1] == '{') {
			return span{n.File, i + 1, i + 2}
		}
	}
	return s
}

// after is the byte behind a word, where a ";" may be missing.
func after(n *conf.Node, a parser.Arg) span { return span{n.File, a.End.Offset, a.End.Offset + 1} }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// place fills in what s says.
func (p *Problem) place(s span) {
	p.span = s
	if s.file != nil {
		p.Spot = NewSpot(s.file, s.start, s.end)
	}
}

// cutLocation splits what nginx puts behind a message off it.
func cutLocation(text string) (msg, file string, line int) {
	text = strings.TrimSuffix(text, " in command line")
	i := strings.LastIndex(text, " in ")
	if i < 0 {
		return text, "", 0
	}
	name, number, ok := cutLast(text[i+4:], ":")
	if !ok {
		return text, "", 0
	}
	n, err := strconv.Atoi(number)
	if err != nil || n <= 0 {
		return text, "", 0
	}
	return text[:i], name, n
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// statementAt finds the statement that nginx's location means: n itself or one
// inside of it.
func statementAt(n *conf.Node, file string, line int) *conf.Node {
	if n == nil || n.File.Path == file && n.Line == line {
		return n
	}
	for _, child := range n.Children {
		if found := statementAt(child, file, line); found != nil {
			return found
		}
	}
	return nil
}

// lineSpan is a whole line of a file that was read, without the white space
// around it.
func (c *checker) lineSpan(path string, line int) span {
	for _, f := range c.in.Loader.Files {
		if f.Path != path {
			continue
		}
		data, start := f.Data, 0
		for range line - 1 {
			i := bytes.IndexByte(data[start:], '\n')
			if i < 0 {
				return span{f, len(data), len(data)}
			}
			start += i + 1
		}
		end := start + len(data[start:])
		if i := bytes.IndexByte(data[start:], '\n'); i >= 0 {
			end = start + i
		}
		text := data[start:end]
		start += len(text) - len(bytes.TrimLeft(text, " \t"))
		end -= len(text) - len(bytes.TrimRight(text, " \t\r"))
		return span{f, start, max(start, end)}
	}
	return span{}
}

// visit calls fn for every statement in reading order, the ones left out of this
// round not among them.
func visit(nodes []*conf.Node, fn func(*conf.Node)) {
	for _, n := range nodes {
		fn(n)
		visit(n.Children, fn)
	}
}
