package conf

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Cmd is a directive being applied: what a handler gets.
type Cmd struct {
	*Node
	Block  *Block // where it stands
	Loader *Loader

	entered []*Block
}

// Arg returns the i-th argument's value (0 is the first after the name), or
// "" when there are fewer.
func (c *Cmd) Arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i].Value
	}
	return ""
}

// Values returns all arguments' values.
func (c *Cmd) Values() []string {
	out := make([]string, len(c.Args))
	for i := range c.Args {
		out[i] = c.Args[i].Value
	}
	return out
}

// Enter makes the loader apply the statements inside the directive's braces to
// b, after the rest of the enclosing block was set.
func (c *Cmd) Enter(b *Block) { c.entered = append(c.entered, b) }

// Errorf makes an error of nginx's own wording; the location is added.
func (c *Cmd) Errorf(format string, args ...any) error {
	return &pending{Sprintf(format, args...)}
}

// Bad makes the error `"NAME" directive TEXT`, nginx's form for a handler that
// returned a text.
func (c *Cmd) Bad(text string) error {
	return &pending{`"` + c.Name.Value + `" directive ` + text}
}

// Plain makes an error that names no location.
func (c *Cmd) Plain(format string, args ...any) error { return plain(Sprintf(format, args...)) }

// Unlocated makes an error that names no location, for what [Section.Finish]
// finds.
func Unlocated(text string) error { return plain(text) }

// Warnf reports a warning at the directive's place.
func (c *Cmd) Warnf(format string, args ...any) {
	c.Loader.problemAt(c.Node, c.Block.Context, Warn, located(Sprintf(format, args...), c.File, c.Line))
}

// At returns " in FILE:LINE", for messages that quote another place.
func (c *Cmd) At() string { return located("", c.File, c.Line) }

// FullPath resolves p against the prefix, as nginx does for logs and roots.
func (l *Loader) FullPath(p string) string { return resolve(l.Prefix, p) }

// ConfFile resolves p against the folder of the main file, as nginx does for
// certificates and includes.
func (l *Loader) ConfFile(p string) string { return resolve(folder(l.ConfPath), p) }

func resolve(prefix, p string) string {
	if p != "" && p[0] == '/' {
		return p
	}
	return prefix + p
}

// pending is an error whose text still needs its location.
type pending struct{ text string }

func (e *pending) Error() string { return e.text }

// plain is an error that is complete as it is.
type plain string

func (e plain) Error() string { return string(e) }

// Sprintf formats a message; %q is never used, quotes are part of the text.
func Sprintf(format string, args ...any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

func itoa(n int) string { return strconv.Itoa(n) }

// dispatch checks one statement in nginx's order (name, context, terminator,
// argument count, repetition) and runs its handler.
func (l *Loader) dispatch(c *Cmd) error {
	if c.Err != nil {
		return plain(c.Err.Error())
	}
	name := c.Name.Value
	r, known := find(l.rows[name], c.Block.Context)
	switch {
	case !known:
		name, _, _ = strings.Cut(name, "\x00") // as a C string
		return plain(located(`unknown directive "`+name+`"`, c.File, c.Line))
	case r == nil:
		return c.locate(c.Errorf(`"%s" directive is not allowed here`, name))
	}
	if err := l.check(c, r); err != nil {
		return c.locate(err)
	}
	switch {
	case r.status == Unsupported:
		c.enterRefused(r.spec)
		if c.Block.refused {
			return nil
		}
		return c.locate(c.Errorf(`"%s" is known to nginx but not supported here`, name))
	case c.Block.refused:
		return nil
	case r.apply != nil:
		c.detach()
		if err := r.apply(c); err != nil {
			return c.locate(err)
		}
	}
	l.record(c, r)
	return nil
}

// find returns the row for a block of kind in, and whether there is one for any
// block. The items of blocks that have a language of their own are unknown
// elsewhere, and so are those that the open nginx does not have.
func find(rows []*row, in Context) (r *row, known bool) {
	for _, r := range rows {
		if r.spec.Contexts&in != 0 {
			return r, true
		}
		known = known || r.spec.Contexts&^privateBlocks != 0 && !r.spec.Plus
	}
	return nil, known
}

// Forget makes the statement not count as a use of a directive that may be used
// once in a block.
func (c *Cmd) Forget() {
	if r, _ := find(c.Loader.rows[c.Name.Value], c.Block.Context); r != nil {
		c.Block.seen = slices.DeleteFunc(c.Block.seen, func(seen *row) bool { return seen == r })
	}
}

// Uses makes the statement count as a use of the directive called name, which
// must not come after it: some blocks settle the size of tables, for one.
func (c *Cmd) Uses(name string) {
	if r, _ := find(c.Loader.rows[name], c.Block.Context); r != nil {
		c.Block.use(r)
	}
}

func (l *Loader) check(c *Cmd, r *row) error {
	name := c.Name.Value
	switch {
	case r.spec.Block && !c.IsBlock:
		return c.Errorf(`directive "%s" has no opening "{"`, name)
	case !r.spec.Block && c.IsBlock:
		return c.Errorf(`directive "%s" is not terminated by ";"`, name)
	case !r.spec.Allows(len(c.Args)):
		return c.Errorf(`invalid number of arguments in "%s" directive`, name)
	}
	if r.spec.Once {
		if slices.Contains(c.Block.seen, r) {
			return c.Bad("is duplicate")
		}
		c.Block.use(r)
	}
	return nil
}

// locate adds the statement's place to an error that lacks one.
func (c *Cmd) locate(err error) error {
	if e := (*pending)(nil); !errors.As(err, &e) {
		return err
	}
	return plain(located(err.Error(), c.File, c.Line))
}

// ItemError is an error at the place of a statement inside a block that its
// directive reads by itself (types, map, geo).
func ItemError(n *Node, format string, args ...any) error {
	return itemError{plain(located(Sprintf(format, args...), n.File, n.Line)), n.Seq}
}

// Items are the statements inside a block whose handler reads them by itself. The load
// pauses between them.
func (c *Cmd) Items() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for _, n := range c.Children {
			if c.Loader.Pause(); !yield(n) {
				return
			}
		}
	}
}

// itemError is an error of a statement inside a block that reads them by itself.
type itemError struct {
	plain
	seq int // of the statement
}

// Unwrap makes it one that has its place already.
func (e itemError) Unwrap() error { return e.plain }

// ItemErr is [ItemError] that is recorded at the item's own place in reading
// order, for handlers that go on with the next item.
func (c *Cmd) ItemErr(n *Node, format string, args ...any) {
	c.Loader.problemAt(n, 0, Emerg, located(Sprintf(format, args...), n.File, n.Line))
}

// ItemWarn is [Cmd.Warnf] for an item.
func (c *Cmd) ItemWarn(n *Node, format string, args ...any) {
	c.Loader.problemAt(n, 0, Warn, located(Sprintf(format, args...), n.File, n.Line))
}

// EndErr is an error about a block as a whole, found when it was complete: it
// is recorded at the closing brace.
func (c *Cmd) EndErr(format string, args ...any) {
	c.Loader.add(Problem{
		Severity: Emerg, Text: located(Sprintf(format, args...), c.File, c.EndLine), Node: c.Node, End: true, seq: c.EndSeq,
	})
}
