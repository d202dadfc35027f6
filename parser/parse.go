package parser

import "slices"

// Parse reads the text of the file named path. It never fails: what is wrong
// becomes Err nodes, see [Directive]. The file keeps data.
func Parse(path string, data []byte) *File { return ParseWith(path, data, func() {}) }

// ParseWith is Parse for a program that has other work meanwhile: it calls pause at each
// statement.
func ParseWith(path string, data []byte, pause func()) *File {
	f := &File{Path: path, Data: data}
	return f.parse(true, pause)
}

// ParseParam reads the value of the -g option, which takes no blocks and knows
// no limit for the length of a word.
func ParseParam(text string) *File {
	f := &File{Data: []byte(text), Param: true}
	return f.parse(false, func() {})
}

func (f *File) parse(limited bool, pause func()) *File {
	b := builder{
		lexer: lexer{src: string(f.Data), limited: limited, line: 1},
		file:  f,
		pause: pause,
		chunk: max(8, min(len(f.Data)/32, 512)),
	}
	b.run()
	return f
}

// block is a "{" that waits for its "}".
type block struct {
	d     *Directive // nil if what stands in the block is not worth keeping
	first int        // index into builder.nodes of the block's first statement
	open  Pos
}

// builder makes statements of the lexer's words. It works without recursion: a
// file may nest blocks as deeply as it is long.
type builder struct {
	lexer
	file  *File
	pause func() // called at each statement

	words   []Arg     // of the statement at hand
	before  []Comment // comments that stand above it
	inside  []Comment // comments within it
	blocks  []block   // the open ones, outermost first
	ignored int       // how many of them have no directive

	// nodes holds the statements of all open blocks, one block's behind the
	// other's, until the block that they belong to is closed.
	nodes []*Directive

	// trailing takes a comment that follows on line trailingLine.
	trailing     func(*Comments) *Comment
	trailingOf   *Directive
	trailingLine int

	// Statements and words are allocated chunk at a time.
	chunk      int
	directives []Directive
	args       []Arg
}

func (b *builder) run() {
	for {
		t := b.next()
		b.takeErrors()
		b.takeComments()
		switch t {
		case tokenWord:
			b.words = append(b.words, b.word)
		case tokenEnd:
			b.end()
		case tokenOpen:
			b.open()
		case tokenClose:
			b.close()
		case tokenEOF:
			b.eof()
			return
		}
	}
}

// takeErrors turns what the lexer complained about into nodes.
func (b *builder) takeErrors() {
	for _, e := range b.errs {
		b.addError(e)
	}
	b.errs = b.errs[:0]
}

// takeComments gives the comments that the lexer skipped to their statements.
func (b *builder) takeComments() {
	for _, c := range b.comments {
		switch {
		case len(b.words) > 0:
			b.inside = append(b.inside, c)
		case b.trailingOf != nil && c.Pos.Line == b.trailingLine:
			if b.trailingOf.Comments == nil {
				b.trailingOf.Comments = new(Comments)
			}
			*b.trailing(b.trailingOf.Comments) = c
		default:
			b.before = append(b.before, c)
		}
	}
	b.comments = b.comments[:0]
}

func (b *builder) addError(e *Error) {
	e.File = b.file
	b.file.errs = append(b.file.errs, e)
	d := b.newDirective()
	d.Err, d.Line = e, e.Line
	b.nodes = append(b.nodes, d)
}

// failBehind adds an error about the delimiter that was just read.
func (b *builder) failBehind(msg string) {
	p := b.here()
	p.Offset--
	p.Col--
	b.addError(&Error{Msg: msg, Line: p.Line, Pos: p})
}

// reset forgets the statement at hand.
func (b *builder) reset() {
	b.words, b.inside, b.before = b.words[:0], nil, nil
	b.broken = false
	b.trailingOf = nil
}

// end handles ";".
func (b *builder) end() {
	switch {
	case len(b.words) == 0:
		b.failBehind(`unexpected ";"`)
	case !b.broken && b.ignored == 0:
		d := b.add()
		b.reset()
		b.trailingOf, b.trailingLine, b.trailing = d, b.line, (*Comments).after
		return
	}
	b.reset()
}

// open handles "{". The words of a broken statement are kept if it has a block,
// so that the statements in there are found where they belong.
func (b *builder) open() {
	var d *Directive
	switch {
	case len(b.words) == 0:
		b.failBehind(`unexpected "{"`)
	case b.file.Param:
		b.failBehind("block directives are not supported in -g option")
	case b.ignored == 0:
		d = b.add()
		d.IsBlock = true
	}
	b.reset()
	if d == nil {
		b.ignored++
	}
	open := b.here()
	open.Offset--
	open.Col--
	b.blocks = append(b.blocks, block{d: d, first: len(b.nodes), open: open})
	b.file.depth = max(b.file.depth, len(b.blocks))
	b.trailingOf, b.trailingLine, b.trailing = d, b.line, (*Comments).after
}

// close handles "}". Where a statement is still open it lacks its ";", and the
// brace most likely closes the block as it says.
func (b *builder) close() {
	if len(b.words) > 0 || len(b.blocks) == 0 {
		b.failBehind(`unexpected "}"`)
	}
	if len(b.words) > 0 {
		b.words = b.words[:0]
		b.before = nil
	}
	var d *Directive
	if len(b.blocks) > 0 {
		d = b.closeBlock()
	}
	b.reset()
	b.trailingOf, b.trailingLine, b.trailing = d, b.line, (*Comments).end
}

// closeBlock ends the innermost block here.
func (b *builder) closeBlock() *Directive {
	top := b.blocks[len(b.blocks)-1]
	b.blocks = b.blocks[:len(b.blocks)-1]
	d := top.d
	if d == nil {
		b.ignored--
		return nil // the errors among the nodes stay, in the block around it
	}
	d.EndLine = b.line
	d.Block = slices.Clone(b.nodes[top.first:])
	b.nodes = b.nodes[:top.first]
	for _, child := range d.Block {
		child.parent = d
	}
	if len(b.before) > 0 {
		if d.Comments == nil {
			d.Comments = new(Comments)
		}
		d.Comments.Last = b.before
		b.before = nil
	}
	return d
}

// eof handles the end of the text.
func (b *builder) eof() {
	if !b.gaveUp {
		b.eofError()
	}
	if len(b.words) > 0 || b.unfinished {
		b.before = nil
	}
	for len(b.blocks) > 0 {
		b.closeBlock()
	}
	b.file.Body = slices.Clone(b.nodes)
	b.file.Comments = b.before
}

// eofError adds the error about a statement or a block that has no end.
func (b *builder) eofError() {
	e := &Error{Line: b.line, Pos: b.here()}
	switch {
	case len(b.words) > 0 || b.unfinished:
		e.Msg = `unexpected end of file, expecting ";" or "}"`
		if b.file.Param {
			e.Msg = `unexpected end of parameter, expecting ";"`
		}
		if b.unfinished && b.word.Quote != 0 && b.word.Raw == "" {
			e.Opened = b.word.Start
		}
	case len(b.blocks) > 0 && !b.file.Param:
		e.Msg = `unexpected end of file, expecting "}"`
		e.Opened = b.blocks[len(b.blocks)-1].open
	default:
		return
	}
	b.addError(e)
}

// add makes a statement of the words at hand.
func (b *builder) add() *Directive {
	b.pause()
	d := b.newDirective()
	d.Line = b.line
	d.Name = b.words[0]
	if n := len(b.words) - 1; n > 0 {
		if cap(b.args)-len(b.args) < n {
			b.args = make([]Arg, 0, max(n, b.chunk))
		}
		from := len(b.args)
		b.args = append(b.args, b.words[1:]...)
		d.Args = b.args[from:len(b.args):len(b.args)]
	}
	if len(b.before) > 0 || len(b.inside) > 0 {
		d.Comments = &Comments{Before: b.before, Inside: b.inside}
	}
	b.nodes = append(b.nodes, d)
	return d
}

func (b *builder) newDirective() *Directive {
	if len(b.directives) == cap(b.directives) {
		b.directives = make([]Directive, 0, b.chunk)
	}
	b.directives = append(b.directives, Directive{File: b.file})
	return &b.directives[len(b.directives)-1]
}

func (c *Comments) after() *Comment { return &c.After }

func (c *Comments) end() *Comment { return &c.End }
