package parser

import (
	"errors"
	"slices"
)

const (
	indentWidth = 4
	// maxIndent bounds the indentation, maxNesting what Format takes at all:
	// a text of n bytes can hold n/2 nested blocks.
	maxIndent  = 32
	maxNesting = 1000
)

// Format returns the file in the usual layout: one statement a line, four blanks
// for each block around it, comments where they were, no more than one blank line
// in a row and none next to a brace. Words keep their text and their quotes; a
// statement that goes over several lines keeps its breaks. Parsing the result
// gives the same statements, and formatting it changes nothing.
//
// What stands between the braces of a directive such as content_by_lua_block is a
// program in another language and stays as it is.
//
// The error is the first syntax error of the file, if it has one.
func Format(f *File) ([]byte, error) {
	if raw := putAside(string(f.Data)); raw != nil && !f.Param {
		out, err := format(Parse(f.Path, raw.data))
		if err == nil {
			return raw.restore(out), nil
		}
		if len(f.errs) > 0 {
			return nil, err
		}
	}
	return format(f)
}

func format(f *File) ([]byte, error) {
	if len(f.errs) > 0 {
		return nil, f.errs[0]
	}
	if f.depth > maxNesting {
		return nil, errors.New("blocks are nested too deeply" + f.At(1))
	}
	p := printer{out: make([]byte, 0, len(f.Data)+len(f.Data)/4)}
	p.statements(f.Body, f.Comments, 0)
	// A comment that fills nginx's buffer is read only if nothing follows it.
	if p.lastComment >= bufferSize {
		p.out = p.out[:len(p.out)-1]
	}
	return p.out, nil
}

type printer struct {
	out []byte
	// line is the line of the file where the thing printed last ends; 0 at the
	// beginning of a block.
	line int
	// lastComment is the length of the comment printed last, 0 if anything has
	// been printed behind it.
	lastComment int
}

// statements prints the content of a block or a file.
func (p *printer) statements(list []*Directive, last []Comment, depth int) {
	p.line = 0
	for _, d := range list {
		if d.Comments != nil {
			p.ownLines(d.Comments.Before, depth)
		}
		p.blankLine(d.Name.Start.Line)
		p.indent(depth)
		p.statement(d, depth)
	}
	p.ownLines(last, depth)
}

func (p *printer) statement(d *Directive, depth int) {
	fresh := p.words(d, depth)
	if !d.IsBlock {
		p.out = append(p.out, ';')
		p.after(d.Comments, (*Comments).after)
		p.line = d.Line
		return
	}
	if !fresh && !tight(d) {
		p.out = append(p.out, ' ')
	}
	p.out = append(p.out, '{')
	var last []Comment
	if d.Comments != nil {
		last = d.Comments.Last
	}
	if len(d.Block) > 0 || len(last) > 0 || d.Comments != nil && d.Comments.After.Text != "" {
		p.after(d.Comments, (*Comments).after)
		p.statements(d.Block, last, depth+1)
		p.indent(depth)
	}
	p.out = append(p.out, '}')
	p.after(d.Comments, (*Comments).end)
	p.line = d.EndLine
}

// words prints the name and the arguments of a statement, with the comments among
// them. It reports whether it ended with a new line.
func (p *printer) words(d *Directive, depth int) (fresh bool) {
	var inside []Comment
	if d.Comments != nil {
		inside = d.Comments.Inside
	}
	p.out = append(p.out, d.Name.Raw...)
	end := d.Name.End
	next := func(start Pos) {
		switch {
		case fresh:
		case start.Line != end.Line:
			p.newLine(depth + 1)
		case start.Offset != end.Offset: // else it is the ")" of an if
			p.out = append(p.out, ' ')
		}
		fresh = false
	}
	comments := func(until int) {
		for len(inside) > 0 && inside[0].Pos.Offset < until {
			c := inside[0]
			inside = inside[1:]
			next(c.Pos)
			p.out = append(p.out, c.Text...)
			p.newLine(depth + 1)
			fresh = true
		}
	}
	for _, a := range d.Args {
		comments(a.Start.Offset)
		next(a.Start)
		p.out = append(p.out, a.Raw...)
		end = a.End
	}
	comments(len(d.File.Data))
	return fresh
}

// tight reports whether the last word before a "{" is so long that nginx's buffer
// has no room for white space behind it.
func tight(d *Directive) bool {
	last := d.Name
	if n := len(d.Args); n > 0 {
		last = d.Args[n-1]
	}
	size := len(last.Raw)
	if last.Quote != 0 {
		size-- // the opening one is not held in the buffer
	}
	return size+1 >= bufferSize
}

// ownLines prints comments that stand alone on their lines.
func (p *printer) ownLines(comments []Comment, depth int) {
	for _, c := range comments {
		p.blankLine(c.Pos.Line)
		p.indent(depth)
		p.out = append(p.out, c.Text...)
		p.out = append(p.out, '\n')
		p.line = c.Pos.Line
		p.lastComment = len(c.Text)
	}
}

// after ends the line, with the comment that stands there.
func (p *printer) after(c *Comments, which func(*Comments) *Comment) {
	p.lastComment = 0
	if c != nil {
		if text := which(c).Text; text != "" {
			p.out = append(p.out, ' ')
			p.out = append(p.out, text...)
			p.lastComment = len(text)
		}
	}
	p.out = append(p.out, '\n')
}

// blankLine keeps a blank line above line.
func (p *printer) blankLine(line int) {
	if p.line > 0 && line > p.line+1 {
		p.out = append(p.out, '\n')
	}
}

func (p *printer) newLine(depth int) {
	p.out = append(p.out, '\n')
	p.indent(depth)
}

func (p *printer) indent(depth int) {
	n := min(depth, maxIndent) * indentWidth
	p.out = slices.Grow(p.out, n)
	for range n {
		p.out = append(p.out, ' ')
	}
}
