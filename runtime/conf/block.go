package conf

import (
	"reflect"
	"slices"
)

// Block is one block of the configuration as it was instantiated: http, a
// server, a location, an if. Main is the block without a parent.
type Block struct {
	Context Context
	Parent  *Block
	Node    *Node // nil for Main

	sections []any // by section number; shared with the parent until written
	owned    bool  // sections is this block's own slice
	own      []ownEntry
	seen     []*row       // directives that may be used once, and were
	memory   *blockMemory // of all blocks of a configuration
	refused  bool         // inside a block that is not supported: only the form is checked
	children []*Block

	hashSizes map[string]int // by directive, see Hash
}

// blockMemory is what the blocks of a configuration are allocated from.
type blockMemory struct {
	blocks   slab[Block]
	sections []any  // for the next blocks that own theirs
	pause    *pause // the Loader's
}

// own returns a copy of the sections.
func (m *blockMemory) own(sections []any) []any {
	n := len(sections)
	if len(m.sections) < n {
		m.sections = make([]any, max(n, slabSize/16/max(n, 1)*n))
	}
	own := m.sections[:n:n]
	m.sections = m.sections[n:]
	copy(own, sections)
	return own
}

type ownEntry struct {
	id    int
	value any
}

// In reports whether b itself is of one of the kinds c.
func (b *Block) In(c Context) bool { return b.Context&c != 0 }

// Children are the blocks inside b that were entered, in reading order. Valid
// after Load.
func (b *Block) Children() []*Block { return b.children }

// Enclosing returns the nearest block of one of the kinds c, b included, or
// nil.
func (b *Block) Enclosing(c Context) *Block {
	for ; b != nil; b = b.Parent {
		if b.Context&c != 0 {
			return b
		}
	}
	return nil
}

// Child makes a block inside b. A handler of a block directive calls it and
// passes the result to [Cmd.Enter].
func (b *Block) Child(c Context, n *Node) *Block {
	child := b.memory.blocks.next()
	*child = Block{Context: c, Parent: b, Node: n, sections: b.sections, memory: b.memory}
	return child
}

// use notes a directive that may be used once.
func (b *Block) use(r *row) {
	if !slices.Contains(b.seen, r) {
		b.seen = append(b.seen, r)
	}
}

// inherit takes over the parent's sections again; the loader calls it when the
// block is entered, after the parent's own directives were applied.
func (b *Block) inherit() {
	if b.Parent != nil && !b.owned {
		b.sections = b.Parent.sections
	}
}

func (b *Block) set(id int, v any) {
	if !b.owned {
		b.sections = b.memory.own(b.sections)
		b.owned = true
	}
	b.sections[id] = v
}

// List is a field whose items are inherited only by blocks that add none of
// their own: the first Add in a block starts a new list. Several directives
// may feed one list (allow and deny). The zero List is empty.
type List[T any] struct {
	Items []T
	at    *Block
}

// Add appends v on behalf of block b.
func (l *List[T]) Add(b *Block, v T) {
	l.Claim(b)
	l.Items = append(l.Items, v)
}

// Claim makes the list b's own, empty unless it was already: what a directive
// such as `error_page off`-like resets do.
func (l *List[T]) Claim(b *Block) {
	if l.at != b {
		l.at, l.Items = b, nil
	}
}

// SetAt reports whether the items were given in b itself.
func (l *List[T]) SetAt(b *Block) bool { return l.at == b }

// Slot is a value with the block that set it, for settings whose meaning depends on
// the block.
type Slot[T any] struct {
	V  T
	at *Block
}

// Set stores v on behalf of block b.
func (s *Slot[T]) Set(b *Block, v T) { s.V, s.at = v, b }

// IsSet reports whether the value was given anywhere.
func (s *Slot[T]) IsSet() bool { return s.at != nil }

// SetAt reports whether the value was given in b itself.
func (s *Slot[T]) SetAt(b *Block) bool { return s.at == b }

// Section is a module's settings: one struct an enclosing block hands down to
// its children. Sections are made once per load with [NewSection].
type Section[T any] struct {
	id     int
	copies slab[T]
}

// NewSection adds a section to module m. defaults is the value where no directive is
// given; bind ties directive names to the fields of the struct it is given. bind must
// name the same directives on every call.
func NewSection[T any](m *Module, defaults T, bind func(*T, *Table)) *Section[T] {
	s := &Section[T]{id: m.loader.sections}
	m.loader.sections++
	m.loader.defaults = append(m.loader.defaults, func() any { c := defaults; return &c })
	collect := &Table{module: m}
	collect.add = func(name string, typed bool) {
		m.addRow(name, func(cmd *Cmd) error {
			t := Table{module: m, name: name, cmd: cmd}
			bind(s.Write(cmd.Block), &t)
			return t.err
		}, true)
		if typed {
			m.loader.typed = append(m.loader.typed, typedRow{m, name, func(cmd *Cmd) (bool, error) {
				c := defaults
				t := Table{module: m, name: name, cmd: cmd}
				bind(&c, &t)
				return reflect.DeepEqual(c, defaults), t.err
			}})
		}
	}
	probe := defaults
	bind(&probe, collect)
	return s
}

// Of returns the settings that hold in b. They are shared: only bind writes.
func (s *Section[T]) Of(b *Block) *T {
	if v, ok := b.sections[s.id].(*T); ok {
		return v
	}
	return nil
}

// Unused reports whether b is an http block whose settings no server has as they
// are. nginx puts the settings of http together with those of each server, and
// checks only what comes out of that.
func (s *Section[T]) Unused(b *Block) bool {
	if !b.In(HTTP) {
		return false
	}
	for _, child := range b.children {
		if child.In(Server) && s.Of(child) == s.Of(b) {
			return false
		}
	}
	return true
}

// Write returns b's own instance, copied from what it inherited on first use.
func (s *Section[T]) Write(b *Block) *T {
	cur := s.Of(b)
	if b.Parent != nil && cur == s.Of(b.Parent) {
		c := s.copies.next()
		*c = *cur
		cur = c
		b.set(s.id, cur)
	}
	return cur
}

// Finish registers fn to run once for every instance of the section, outer
// blocks first, after the whole tree was set: checks that nginx makes when it
// merges, and values derived from others. An error is reported at the end of
// the outermost enclosing block, as nginx does. The default instance is
// finished with the Main block.
func (s *Section[T]) Finish(m *Module, fn func(b *Block, c *T) error) {
	m.loader.finishers = append(m.loader.finishers, finisher{id: s.id, fn: func(b *Block) error {
		return fn(b, s.Of(b))
	}})
}

// Own is data of single blocks that is not inherited (a location's handler,
// the instructions of rewrite). Made once per load with [NewOwn].
type Own[T any] struct {
	id     int
	values slab[T]
}

// NewOwn adds per-block data to module m.
func NewOwn[T any](m *Module) *Own[T] {
	m.loader.owns++
	return &Own[T]{id: m.loader.owns}
}

// Of returns b's data, or nil.
func (o *Own[T]) Of(b *Block) *T {
	for i := range b.own {
		if b.own[i].id == o.id {
			v, _ := b.own[i].value.(*T)
			return v
		}
	}
	return nil
}

// Write returns b's data, made zero on first use.
func (o *Own[T]) Write(b *Block) *T {
	if v := o.Of(b); v != nil {
		return v
	}
	v := o.values.next()
	b.own = append(b.own, ownEntry{o.id, v})
	return v
}
