package httpd

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Module is one nginx module: a name and a function that registers its
// directives, variables and hooks with the builder of one configuration.
type Module struct {
	Name     string // nginx's name, ngx_http_gzip_filter_module
	Register func(b *Builder, m *conf.Module)
}

// Vars is the http variable namespace.
type Vars = script.Vars[*Request]

// Var is a definition in it.
type Var = script.Def[*Request]

// Builder collects one http configuration while it is loaded. A module keeps
// it in its closures; it must not be used once requests are served.
type Builder struct {
	Loader *conf.Loader
	Vars   *Vars
	Env    Env

	core    *conf.Section[settings.Core]
	srvConf *conf.Section[settings.Server]
	locs    *conf.Own[Location]
	logs    *conf.Section[errorLogs]

	http      *conf.Block
	servers   []*Server
	addrs     []*Addr          // in the order in which they were first named
	addrIndex map[string]*Addr // ... by network and text
	plans     []planner
	module    string // the one that is being registered
	merges    []func(s *Server) error
	checks    []func(a *Addr) error
	starts    []func(c *Config) error
	divert    func() Divert
	slots     int
	place     FilterPlace // the last that was reserved
	shared    map[any]any
	regexes   regex.Compiler

	uninitialized func(r *Request, name string)
	named         map[*regex.Regex][]namedVar
}

// Env is what the process gives every configuration: things that outlive it.
type Env struct {
	// OpenLog opens an error_log destination of the words given to the
	// directive.
	OpenLog func(c *conf.Cmd) (errlog.Output, error)
	// Log is the main error log, for blocks without an error_log of their own.
	Log *errlog.Logger
	// Logger builds a logger of these destinations.
	Logger func(outputs []errlog.Output) *errlog.Logger
	// LogFiles are the log files of this configuration.
	LogFiles *logfile.Set
	// Files caches static files.
	Files *openfile.Cache
	// Hostname is the machine's name.
	Hostname string
	// Stats counts connections; shared by all generations.
	Stats *Stats
	// Resources are what this configuration makes or carries over, and what is
	// closed with it. nil stands for an empty set.
	Resources *resource.Set
	// Certificates are what acme_certificate serves; nil where nothing is going to be served.
	Certificates *acme.Table
	// Wanted receives what acme_issuer and acme_certificate ask for; nil for nothing.
	Wanted *acme.Plan
	// Tracing is set for a configuration that is to be explained.
	Tracing *Tracing
}

// planner is a module's part in the plan of every location.
type planner struct {
	module string
	fn     func(p *Plan)
}

// Modules registers all modules, in order, with a loader.
func (b *Builder) Modules(list []Module) {
	for _, m := range list {
		b.module = m.Name
		m.Register(b, b.Loader.Module(m.Name))
	}
}

// NewBuilder returns a builder for one load.
func NewBuilder(l *conf.Loader, env Env) *Builder {
	if env.Resources == nil {
		env.Resources = resource.NewSet(nil)
	}
	b := &Builder{Loader: l, Vars: script.NewVars[*Request](), Env: env, named: map[*regex.Regex][]namedVar{}}
	b.Vars.Missing(func(name string) bool { return conf.HasVariable("http", name) })
	return b
}

// Plan registers fn to be called for every location once everything was set;
// it adds the module's hooks to those locations where the module is on.
func (b *Builder) Plan(fn func(p *Plan)) { b.plans = append(b.plans, planner{b.module, fn}) }

// EachServer registers fn to run for every server once everything was set, as
// nginx's modules merge their server settings. Its error ends the load.
func (b *Builder) EachServer(fn func(s *Server) error) { b.merges = append(b.merges, fn) }

// EachAddr registers fn to run for every listening address once servers are
// complete. Its error ends the load.
func (b *Builder) EachAddr(fn func(a *Addr) error) { b.checks = append(b.checks, fn) }

// Start registers fn to run when a loaded configuration is about to serve (not
// for -t's sake): opening what needs the network, starting goroutines.
func (b *Builder) Start(fn func(c *Config) error) { b.starts = append(b.starts, fn) }

// Divert registers fn, which is called once everything was set: what it returns takes handshakes
// away from the servers, nil for none.
func (b *Builder) Divert(fn func() Divert) { b.divert = fn }

// Divert is front.Opening.Divert.
type Divert = front.Divert

// HTTPBlock is the http block, nil for none.
func (b *Builder) HTTPBlock() *conf.Block { return b.http }

// Slot reserves a place for per-request module data; see [Request.Ctx].
func (b *Builder) Slot() int {
	b.slots++
	return b.slots - 1
}

// Core returns the http_core settings that hold in a block.
func (b *Builder) Core(block *conf.Block) *settings.Core { return b.core.Of(block) }

// Location returns the location that a block is, nil for others.
func (b *Builder) Location(block *conf.Block) *Location { return b.locs.Of(block) }

// Value compiles argument i of c as a text with variables.
func (b *Builder) Value(c *conf.Cmd, i int) (*script.Value, error) {
	v, err := b.Vars.Compile(c.Arg(i))
	if err != nil {
		return nil, c.Errorf("%s", err.Error())
	}
	return v, nil
}

// KeyAndVariable reads the two arguments of a directive that defines a variable by a key, such as map: a text with variables, and
// a name that begins with "$".
func (b *Builder) KeyAndVariable(c *conf.Cmd) (key *script.Value, name string, err error) {
	if key, err = b.Value(c, 0); err != nil {
		return nil, "", err
	}
	name, ok := strings.CutPrefix(c.Arg(1), "$")
	if !ok {
		return nil, "", c.Errorf(`invalid variable name "%s"`, c.Arg(1))
	}
	return key, name, nil
}

// BindValue binds a directive whose only argument is a text with variables.
func (b *Builder) BindValue(t *conf.Table, name string, p **script.Value) {
	t.Func(name, func(c *conf.Cmd) error {
		v, err := b.Value(c, 0)
		*p = v
		return err
	})
}

// SetContent makes h the content handler of the location that c stands in. An
// if block inside has it too, a limit_except block has not.
func (b *Builder) SetContent(c *conf.Cmd, h Handler) {
	if l := b.locs.Of(c.Block); l != nil {
		l.Content, l.contentNode = h, c.Node
	}
}

// SetPass makes h, which passes requests on, the content handler of the
// location that c stands in, and of the nameless blocks inside it.
func (b *Builder) SetPass(c *conf.Cmd, h Handler) {
	if l := b.locs.Of(c.Block); l != nil {
		l.Content, l.contentNode, l.passes = h, c.Node, true
	}
}

// Shared returns the object that modules share under key in this
// configuration; the first call makes it.
func (b *Builder) Shared(key any, create func() any) any {
	v, ok := b.shared[key]
	if !ok {
		v = create()
		if b.shared == nil {
			b.shared = map[any]any{}
		}
		b.shared[key] = v
	}
	return v
}
