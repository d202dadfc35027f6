package httpd

import (
	"errors"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Location is a location block, or one of the nameless blocks that act like
// one (if, limit_except), or a server's own settings (its Root).
type Location struct {
	Name    string // without the modifier
	Block   *conf.Block
	Core    *settings.Core
	Plan    Plan
	HTTP2   *settings.HTTP2 // nil where the module is not there
	Log     *errlog.Logger
	Content Handler // set by proxy_pass and similar directives; a nameless location has that of the location around it
	NoName  bool
	Named   bool
	Exact   bool
	Regex   *regex.Regex
	Tree    *route.Locations[*Location]
	Server  *Server
	Parent  *Location // enclosing location, nil below the server

	noRegex      bool
	caseless     bool
	autoRedirect bool
	escaped      []byte // Name, escaped for Location
	children     []*Location
	passes       bool       // Content passes the request on
	contentNode  *conf.Node // the directive that set Content
	limited      *Location  // limit_except's block
	limitMethods h1.Method  // methods that fall under it
}

// AutoRedirect makes a request for the location's name without the trailing
// slash a redirect, as proxy_pass does in a location that ends with one.
func (l *Location) AutoRedirect() {
	if strings.HasSuffix(l.Name, "/") {
		l.autoRedirect = true
	}
}

// ContentNode is the directive that made Content the location's handler, nil
// for none.
func (l *Location) ContentNode() *conf.Node { return l.contentNode }

// addLocation handles the location directive.
func (b *Builder) addLocation(cmd *conf.Cmd) error {
	parent := b.locs.Of(cmd.Block)
	block := cmd.Block.Child(conf.Location, cmd.Node)
	l := b.locs.Write(block)
	l.Server, l.Block = parent.Server, block
	if err := l.parse(b, cmd); err != nil {
		return err
	}
	if cmd.Block.In(conf.Location) {
		l.Parent = parent
		switch {
		case parent.Exact:
			return cmd.Errorf(`location "%s" cannot be inside the exact location "%s"`, l.Name, parent.Name)
		case parent.Named:
			return cmd.Errorf(`location "%s" cannot be inside the named location "%s"`, l.Name, parent.Name)
		case l.Named:
			return cmd.Errorf(`named location "%s" can be on the server level only`, l.Name)
		case l.Regex == nil && !strings.HasPrefix(l.Name, parent.Name):
			return cmd.Errorf(`location "%s" is outside location "%s"`, l.Name, parent.Name)
		}
	}
	l.escaped = h1.EscapeURI(nil, []byte(l.Name), h1.ForURI)
	parent.children = append(parent.children, l)
	cmd.Enter(l.Block)
	return nil
}

func (l *Location) parse(b *Builder, cmd *conf.Cmd) error {
	mod, name := "", cmd.Arg(0)
	if len(cmd.Args) == 2 {
		mod, name = cmd.Arg(0), cmd.Arg(1)
	} else {
		for _, m := range []string{"=", "^~", "~*", "~"} {
			if strings.HasPrefix(name, m) {
				mod, name = m, name[len(m):]
				break
			}
		}
	}
	l.Name = name
	switch {
	case mod == "" && len(cmd.Args) == 1:
		l.Named = strings.HasPrefix(name, "@")
	case mod == "=":
		l.Exact = true
	case mod == "^~":
		l.noRegex = true
	case mod == "~", mod == "~*":
		re, err := b.Regex(cmd, name, mod == "~*")
		l.Regex, l.caseless = re, mod == "~*"
		return err
	default:
		return cmd.Errorf(`invalid location modifier "%s"`, mod)
	}
	return nil
}

// Nameless makes a block that acts as a location without a name, inside the
// block cmd stands in: what if and limit_except are. It takes over the content
// handler of the location around it once the whole tree was read.
func (b *Builder) Nameless(cmd *conf.Cmd, kind conf.Context) *Location {
	parent := b.locs.Of(cmd.Block)
	block := cmd.Block.Child(kind, cmd.Node)
	l := b.locs.Write(block)
	*l = Location{
		Name: parent.Name, Block: block, NoName: true, Server: parent.Server, Parent: parent,
		Regex: parent.Regex, Named: parent.Named, Exact: parent.Exact,
		escaped: parent.escaped,
	}
	parent.children = append(parent.children, l)
	cmd.Enter(block)
	return l
}

// limitExcept handles the limit_except directive.
func (b *Builder) limitExcept(cmd *conf.Cmd) error {
	allowed := h1.Method(0)
	for _, a := range cmd.Args {
		m := h1.LookupMethod([]byte(strings.ToUpper(a.Value)))
		if m == h1.Unknown || m == h1.Trace {
			return cmd.Errorf(`invalid method "%s"`, a.Value)
		}
		allowed |= m
	}
	if allowed&h1.Get != 0 {
		allowed |= h1.Head
	}
	l := b.locs.Of(cmd.Block)
	l.limited = b.Nameless(cmd, conf.LimitExcept)
	l.limitMethods = ^allowed
	return nil
}

// Regex compiles an expression whose named groups become variables.
func (b *Builder) Regex(cmd *conf.Cmd, pattern string, caseless bool) (*regex.Regex, error) {
	re, err := b.regexes.Compile(pattern, caseless)
	if err != nil {
		return nil, cmd.Errorf("%s", err.Error())
	}
	if err := b.captureVars(re); err != nil {
		return nil, cmd.Errorf("%s", err.Error())
	}
	return re, nil
}

// captureVars gives the named groups of re numbers.
func (b *Builder) captureVars(re *regex.Regex) error {
	names := re.Names()
	if len(names) == 0 || b.named[re] != nil {
		return nil
	}
	list := make([]namedVar, 0, len(names))
	for _, g := range names {
		if _, err := b.Vars.Add(g.Name, Var{Get: noValue, Changeable: true}, false); err != nil {
			return err
		}
		list = append(list, namedVar{index: b.Vars.Index(g.Name), group: g.Group})
	}
	b.named[re] = list
	return nil
}

// noValue is the getter of a named group whose expression has not matched.
func noValue(*Request, string) ([]byte, bool) { return nil, false }

// namedVar ties a named group to its variable.
type namedVar struct{ index, group int }

// setNamed stores the named groups of the expression that just matched.
func (r *Request) setNamed(re *regex.Regex) {
	if len(r.cfg.named) == 0 {
		return
	}
	for _, n := range r.cfg.named[re] {
		r.StoreVar(n.index, r.Capture(n.group))
	}
}

// Match runs an expression on data, which must live as long as the request. On
// a match $1..$9 and the named groups are set. A match that cannot be decided
// is logged and counts as none.
func (r *Request) Match(re *regex.Regex, data []byte) bool { return r.TryMatch(re, data) == OK }

// TryMatch is Match that tells an expression that does not match (Declined)
// from one that failed (500).
func (r *Request) TryMatch(re *regex.Regex, data []byte) Result {
	caps, ok, err := re.Exec(data, r.captures)
	switch {
	case err != nil:
		r.Logf(errlog.Alert, nil, `%s on "%s" using "%s"`, err, data, re)
		return StatusInternalServerError
	case !ok:
		return Declined
	}
	r.SetCaptures(data, caps)
	r.setNamed(re)
	return OK
}

// tree builds the lookup table of l's own locations, and its children's.
func (b *Builder) tree(l *Location) error {
	list := make([]route.Location[*Location], 0, len(l.children))
	nodes := make([]*Location, 0, len(l.children))
	b.Loader.Pause()
	for _, c := range l.children {
		if c.NoName {
			if len(c.children) > 0 {
				if err := b.tree(c); err != nil {
					return err
				}
			}
			continue
		}
		if err := b.tree(c); err != nil {
			return err
		}
		nodes = append(nodes, c)
		list = append(list, route.Location[*Location]{
			Name: c.Name, Exact: c.Exact, NoRegex: c.noRegex, Named: c.Named, Regex: c.Regex,
			AutoRedirect: c.autoRedirect, Nested: c.Tree, Value: c,
		})
	}
	if len(list) == 0 {
		return nil
	}
	t, err := route.NewLocations(list)
	if err != nil {
		var d *route.DuplicateError
		if errors.As(err, &d) {
			n := nodes[d.Index].Block.Node
			return conf.ItemError(n, "%s", err.Error())
		}
		return err
	}
	l.Tree = t
	return nil
}

// plan fills in what every location needs at run time, outer ones first.
func (b *Builder) plan(l *Location) {
	b.Loader.Pause()
	l.Core, l.Log = b.core.Of(l.Block), b.loggerOf(l.Block)
	b.Loader.Folder(l.Core.BodyTemp.Dir)
	ownContent := l.Content != nil
	if up := l.Parent; l.NoName && !ownContent && up != nil && (up.passes || l.Block.In(conf.LocationIf)) {
		l.Content, l.passes, l.contentNode = up.Content, up.passes, up.contentNode
	}
	l.Plan = Plan{Block: l.Block, Location: l, Core: l.Core}
	tracing := b.Env.Tracing
	for i := range b.plans {
		n := l.Plan.lengths()
		b.plans[i].fn(&l.Plan)
		if tracing != nil {
			l.Plan.watch(tracing.Tracer, b.plans[i].module, n)
		}
	}
	if tracing != nil {
		l.Plan.complete(tracing.Tracer, ownContent)
	}
	for _, c := range l.children {
		b.plan(c)
	}
}
