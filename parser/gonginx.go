package parser

import "github.com/tufanbarisyildirim/gonginx/config"

var (
	_ config.IDirective = (*Directive)(nil)
	_ config.IBlock     = (*body)(nil)
)

// Gonginx returns the file as gonginx knows it. Its statements are f's own nodes,
// not gonginx's typed ones such as *config.Server, so changes made to the one tree
// show in the other. Err nodes are left out, and a node without a name stands for
// comments that belong to no statement. A file with errors is better not dumped.
func (f *File) Gonginx() *config.Config {
	list := gonginxList(nil, f.Body)
	list = appendComments(list, f, f.Comments...)
	return &config.Config{FilePath: f.Path, Block: &config.Block{Directives: list}}
}

// gonginxList appends nodes, with those of their comments that gonginx has no
// place for on nodes of their own.
func gonginxList(list []config.IDirective, nodes []*Directive) []config.IDirective {
	for _, d := range nodes {
		if d.Err != nil {
			continue
		}
		list = append(list, d)
		if d.Comments != nil {
			list = appendComments(list, d.File, d.Comments.End)
		}
	}
	return list
}

func appendComments(list []config.IDirective, f *File, comments ...Comment) []config.IDirective {
	d := &Directive{File: f, Comments: new(Comments)}
	for _, c := range comments {
		if c.Text != "" {
			d.Comments.Before = append(d.Comments.Before, c)
			d.Line = c.Pos.Line
		}
	}
	if d.Comments.Before == nil {
		return list
	}
	return append(list, d)
}

// GetName returns the name as it stands in the file.
func (d *Directive) GetName() string { return d.Name.Raw }

// GetParameters returns the arguments as they stand in the file, which is what
// gonginx's own parser has in its parameters, too.
func (d *Directive) GetParameters() []config.Parameter {
	params := make([]config.Parameter, len(d.Args))
	for i, a := range d.Args {
		params[i] = config.Parameter{Value: a.Raw, RelativeLineIndex: a.Start.Line - d.Name.Start.Line}
	}
	return params
}

// GetBlock returns the statements between the braces; nil if there are no braces.
func (d *Directive) GetBlock() config.IBlock {
	if !d.IsBlock {
		return nil
	}
	return (*body)(d)
}

// GetComment returns the comments above the statement and within it.
func (d *Directive) GetComment() []string {
	if d.Comments == nil {
		return nil
	}
	var texts []string
	for _, c := range d.Comments.Before {
		texts = append(texts, c.Text)
	}
	for _, c := range d.Comments.Inside {
		texts = append(texts, c.Text)
	}
	return texts
}

// SetComment replaces the comments above the statement and within it.
func (d *Directive) SetComment(texts []string) {
	c := d.comments()
	c.Before, c.Inside = nil, nil
	for _, text := range texts {
		c.Before = append(c.Before, Comment{Text: text})
	}
}

// GetInlineComment returns the comment behind the ";" of a simple statement. The
// one behind a "{" is the block's first node: gonginx's dumper would drop it here.
func (d *Directive) GetInlineComment() []config.InlineComment {
	if d.IsBlock || d.Comments == nil || d.Comments.After.Text == "" {
		return nil
	}
	line := 0
	if n := len(d.Args); n > 0 {
		line = d.Args[n-1].Start.Line - d.Name.Start.Line
	}
	return []config.InlineComment{{Value: d.Comments.After.Text, RelativeLineIndex: line}}
}

// SetInlineComment replaces the comment behind the ";" or "{".
func (d *Directive) SetInlineComment(c config.InlineComment) {
	d.comments().After = Comment{Text: c.Value}
}

func (d *Directive) comments() *Comments {
	if d.Comments == nil {
		d.Comments = new(Comments)
	}
	return d.Comments
}

// GetParent returns the block that the statement stands in; nil outside of all.
func (d *Directive) GetParent() config.IDirective { return d.parent }

// SetParent sets what GetParent returns. It does not move the statement.
func (d *Directive) SetParent(parent config.IDirective) { d.parent = parent }

// GetLine returns d.Line.
func (d *Directive) GetLine() int { return d.Line }

// SetLine sets d.Line.
func (d *Directive) SetLine(line int) { d.Line = line }

// body is a Directive seen as the block between its braces.
type body Directive

func (b *body) GetDirectives() []config.IDirective {
	var list []config.IDirective
	if c := b.Comments; c != nil {
		list = appendComments(list, b.File, c.After)
	}
	list = gonginxList(list, b.Block)
	if c := b.Comments; c != nil {
		list = appendComments(list, b.File, c.Last...)
	}
	return list
}

// FindDirectives returns the statements of that name in the block and in the
// blocks within, in reading order. It does not look into included files.
func (b *body) FindDirectives(name string) []config.IDirective {
	var found []config.IDirective
	for _, d := range b.Block {
		if d.Err != nil {
			continue
		}
		if d.GetName() == name {
			found = append(found, d)
		}
		if d.IsBlock {
			found = append(found, (*body)(d).FindDirectives(name)...)
		}
	}
	return found
}

// GetCodeBlock returns "": there is no block that is not made of statements.
func (b *body) GetCodeBlock() string { return "" }

func (b *body) GetParent() config.IDirective { return (*Directive)(b) }

// SetParent does nothing: a block cannot leave its directive.
func (b *body) SetParent(config.IDirective) {}
