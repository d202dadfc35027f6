package conf

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
)

// Loader reads one configuration. Register modules and sections first, then
// call Load once. Not safe for concurrent use.
type Loader struct {
	ConfPath string         // the main file, absolute
	Prefix   string         // nginx's prefix (-p), absolute, with a trailing slash
	Layout   Layout         // default paths; change it before anything is registered
	Files    []*parser.File // every file read, in reading order
	Main     *Block         // valid after Load
	Nodes    []*Node        // the statements outside of all blocks, valid after Load
	// Skip names statements, by their place in reading order, that are treated
	// as if they were not there: `sluice check` skips those known to be wrong, to
	// find further problems.
	Skip map[int]bool
	// Inputs is where files and hosts are read from; set it before Load.
	Inputs Inputs
	// RawSockets is set by directives that need sockets with foreign addresses, for
	// which a worker without privileges keeps a capability.
	RawSockets bool

	rows      map[string][]*row
	modules   []*Module
	defaults  []func() any
	sections  int
	owns      int
	finishers []finisher
	finishing *Block // the one whose finishers run
	ends      []func() error
	problems  []Problem
	folders   []string
	unlisted  []string // see Unlisted
	typed     []typedRow
	choices   map[string][]Choice // of the words of a directive, by module and name
	hints     map[string]*hint    // by directive, see Module.Hint
	refused   []refusedBlock      // see Refuse
	opaque    []string            // see Opaque
	top       string              // see ChecksAfter
	pools     map[string]*ThreadPool
	zones     map[string]sharedZone // see Cmd.SharedZone
	own       map[string][]*Spec    // by the name, see Announce
	recorded  map[*Block][]Setting  // see Record
	paths     map[string]usedPath   // see Cmd.UsePath
	late      []func() error        // see AfterSyntax
	pause     pause
	lastSeq   int // of the end of the block top, at which nginx makes the checks of AtEnd
}

type finisher struct {
	id int
	fn func(*Block) error
}

// row is one directive as some module handles it.
type row struct {
	spec   *Spec
	module string
	status Status
	why    string // of Partial
	apply  func(*Cmd) error
	// inherited: the value goes to a field of a section.
	inherited bool
}

// Status is how far a directive is supported.
type Status uint8

// The ways in which a directive can be treated.
const (
	Supported   Status = iota
	Hint               // accepted, has no effect here
	Unsupported        // known to nginx, refused
	Partial            // accepted; a part, named in a warning or an error, does not work
)

// NewLoader returns a loader for the main file confPath.
func NewLoader(confPath, prefix string) *Loader {
	return &Loader{
		ConfPath: confPath, Prefix: prefix, Layout: NginxLayout(), Inputs: Files{},
		rows: make(map[string][]*row, 1200),
	}
}

// Module names an nginx module; rows and sections are added through it.
type Module struct {
	Name   string
	loader *Loader
	order  int
}

// Module adds a module by nginx's name for it. The order of calls is the order
// of modules.
func (l *Loader) Module(name string) *Module {
	m := &Module{Name: name, loader: l, order: len(l.modules)}
	l.modules = append(l.modules, m)
	return m
}

// Directive adds a directive that is not a field of a section.
func (m *Module) Directive(name string, apply func(*Cmd) error) { m.addRow(name, apply, false) }

// Block adds a block directive. apply makes the block with [Block.Child] and
// hands it to [Cmd.Enter], or reads the statements inside by itself.
func (m *Module) Block(name string, apply func(*Cmd) error) { m.addRow(name, apply, false) }

// Partial marks directives of the module, which were added before, as working only in
// part, for the reason why. The documentation lists them as such.
func (m *Module) Partial(why string, names ...string) {
	for _, name := range names {
		for _, r := range m.loader.rows[name] {
			if r.module == m.Name {
				r.status, r.why = Partial, why
			}
		}
	}
}

// addRow ties the rows for (name, module) of the reference, and those that were
// announced, to apply.
func (m *Module) addRow(name string, apply func(*Cmd) error, inherited bool) {
	found := false
	for _, list := range [...][]*Spec{specsByName()[name], m.loader.own[name]} {
		for _, s := range list {
			if s.Module == m.Name {
				found = true
				m.loader.insert(&row{spec: s, module: m.Name, apply: apply, inherited: inherited})
			}
		}
	}
	if !found {
		m.loader.unlisted = append(m.loader.unlisted, name+" ("+m.Name+")")
	}
}

// Announce describes a directive that nginx does not have in the module. The module
// handles it afterwards as it does those of the reference, a field of a section included.
func (m *Module) Announce(spec Spec) {
	spec.Module, spec.Own = m.Name, true
	if m.loader.own == nil {
		m.loader.own = make(map[string][]*Spec)
	}
	m.loader.own[spec.Name] = append(m.loader.own[spec.Name], &spec)
}

func (l *Loader) insert(r *row) {
	l.rows[r.spec.Name] = append(l.rows[r.spec.Name], r)
}

// Specs returns the directives in the loader's tables, by module and name.
func (l *Loader) Specs() []*Spec {
	var specs []*Spec
	for _, rows := range l.rows {
		for _, r := range rows {
			specs = append(specs, r.spec)
		}
	}
	slices.SortFunc(specs, func(a, b *Spec) int {
		return cmp.Or(
			strings.Compare(a.Module, b.Module), strings.Compare(a.Name, b.Name), cmp.Compare(a.Contexts, b.Contexts),
		)
	})
	return specs
}

// Complete adds a row for everything in the reference that no module handles:
// tuning hints are accepted, the rest is refused as known but not supported.
func (l *Loader) Complete() {
	have := make(map[*Spec]bool, len(l.rows))
	for _, rows := range l.rows {
		for _, r := range rows {
			have[r.spec] = true
		}
	}
	for i := range Reference() {
		s := &Reference()[i]
		if have[s] {
			continue
		}
		r := &row{spec: s, module: s.Module, status: Unsupported}
		if hint := l.hintFor(s); hint != nil {
			r.status, r.apply = Hint, hint.check
		}
		l.insert(r)
	}
}

// ChecksAfter names the block of the main level at whose end nginx makes the
// checks of [Loader.AtEnd]. Without it they come at the end of the file.
func (l *Loader) ChecksAfter(name string) { l.top = name }

// AtEnd registers fn to run after everything was set and finished: checks that
// nginx makes once it has read the block of [Loader.ChecksAfter], whose messages
// name no location. What is wrong behind that block comes later.
func (l *Loader) AtEnd(fn func() error) { l.ends = append(l.ends, fn) }

// AfterSyntax registers fn for [Loader.CheckLate].
func (l *Loader) AfterSyntax(fn func() error) { l.late = append(l.late, fn) }

// CheckLate makes the checks for which nginx needs all of the configuration, and
// which come behind its "syntax is ok": the first that fails, whose text is
// complete. To be called once Load has succeeded.
func (l *Loader) CheckLate() error {
	for _, fn := range l.late {
		if err := fn(); err != nil {
			return err
		}
	}
	return nil
}

// Folder adds a folder of the program's own, which is made at the start, where it is
// missing: temporary files, caches. path is complete, see FullPath.
func (l *Loader) Folder(path string) {
	if !slices.Contains(l.folders, path) {
		l.folders = append(l.folders, path)
	}
}

// Folders are the folders to make at the start.
func (l *Loader) Folders() []string { return l.folders }

// Load reads the files, sets everything and finishes it. param is the value of
// -g, applied before the file. On failure the error is an *Error; all problems
// are in Problems either way.
func (l *Loader) Load(param string) error {
	l.Main = &Block{Context: Main, owned: true, sections: make([]any, len(l.defaults)), memory: &blockMemory{pause: &l.pause}}
	for i, d := range l.defaults {
		l.Main.sections[i] = d()
	}
	x := &expander{l: l}
	var nodes []*Node
	if param != "" {
		nodes = x.list(parser.ParseParam(param).Body, "")
	}
	f, err := l.open(l.ConfPath)
	if err != nil {
		x.unreadable(err, nil)
		return l.firstError()
	}
	nodes = append(nodes, x.list(f.Body, "")...)
	l.Nodes = nodes
	l.lastSeq = x.next()
	for _, n := range nodes {
		if n.Name.Value == l.top && n.IsBlock {
			l.lastSeq = n.EndSeq
			break
		}
	}
	l.apply(l.Main, nodes)
	l.finish(l.Main)
	l.finishing = nil
	if e := l.firstError(); e == nil || e.seq > l.lastSeq {
		for _, fn := range l.ends {
			if err := fn(); err != nil {
				l.problem(l.lastSeq, Emerg, err.Error())
				break
			}
		}
	}
	if e := l.firstError(); e != nil {
		return e
	}
	return nil
}

// apply sets the block's own statements, then enters its children.
func (l *Loader) apply(b *Block, nodes []*Node) {
	var entered []*Block
	for _, n := range nodes {
		l.pause.due()
		c := &Cmd{Node: n, Block: b, Loader: l}
		if err := l.dispatch(c); err != nil {
			seq := n.Seq
			if item := (itemError{}); errors.As(err, &item) {
				seq = item.seq
			}
			l.add(Problem{Severity: Emerg, Text: err.Error(), Node: n, In: b.Context, seq: seq})
		}
		entered = append(entered, c.entered...)
	}
	for _, child := range entered {
		child.inherit()
		l.apply(child, child.Node.Children)
	}
	b.children = entered
}

// finish runs the finishers of the sections that b owns, then its children's.
func (l *Loader) finish(b *Block) {
	l.pause.due()
	for _, f := range l.finishers {
		if b.Parent != nil && b.sections[f.id] == b.Parent.sections[f.id] {
			continue
		}
		l.finishing = b
		if err := f.fn(b); err != nil {
			done := plain("")
			l.problemAtEnd(Emerg, err.Error(), errors.As(err, &done))
		}
	}
	for _, child := range b.children {
		l.finish(child)
	}
}

// problemAtEnd adds a problem that a finisher has found: at the end of the outermost block around the one that is being
// finished. placeless: the text has its place already, or has none.
func (l *Loader) problemAtEnd(s Severity, text string, placeless bool) {
	seq := l.lastSeq
	if top := l.finishing.top(); top != nil {
		seq = top.Node.EndSeq
		if !placeless {
			text = located(text, top.Node.File, top.Node.EndLine)
		}
	}
	l.add(Problem{Severity: s, Text: text, Node: l.finishing.Node, End: true, seq: seq})
}

// WarnAtEnd reports a warning of a function that [Section.Finish] has registered, with the place that its errors have.
func (l *Loader) WarnAtEnd(format string, args ...any) {
	l.problemAtEnd(Warn, Sprintf(format, args...), false)
}

func (b *Block) top() *Block {
	for b.Parent != nil && b.Parent.Parent != nil {
		b = b.Parent
	}
	if b.Parent == nil {
		return nil
	}
	return b
}
