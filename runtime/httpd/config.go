package httpd

import (
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/listen"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Config is a loaded http block: immutable once it serves.
type Config struct {
	Addrs   []*Addr
	Servers []*Server
	// Divert takes handshakes away from the servers; nil for none.
	Divert Divert

	vars   []*script.Variable[*Request]
	names  *Vars // vars by name, and those that nothing uses
	slots  int
	prefix string
	files  *openfile.Cache
	named  map[*regex.Regex][]namedVar
	socks  listen.Sockets // for Addrs
	starts []func(*Config) error

	tracer Tracer // nil unless the configuration is to be explained

	uninitialized func(r *Request, name string)
	resources     *resource.Set
	users         atomic.Int64 // see configlifetime.go
}

// Build completes the configuration: server and location tables, plans,
// variables. Call it after conf.Loader.Load succeeded in setting everything. Without
// an http block the result has no addresses.
func (b *Builder) Build() (*Config, error) {
	if !b.Present() {
		return &Config{resources: b.Env.Resources}, nil
	}
	cfg := &Config{Servers: b.servers, named: b.named}
	if err := b.checkTypes(); err != nil {
		return nil, err
	}
	for _, s := range b.servers {
		if err := b.tree(s.Root); err != nil {
			return nil, err
		}
		b.completeServer(s)
	}
	addrs := b.addrs
	if err := all(b.merges, b.servers); err != nil {
		return nil, err
	}
	if err := all(b.checks, addrs); err != nil {
		return nil, err
	}
	for _, s := range b.servers {
		b.plan(s.Root)
	}
	if err := b.Vars.Resolve(); err != nil {
		return nil, err
	}
	if err := b.checkVariables(); err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if err := a.buildNames(b); err != nil {
			return nil, err
		}
	}
	cfg.Addrs = addrs
	cfg.vars, cfg.names = b.Vars.Indexed(), b.Vars
	cfg.slots = b.slots
	cfg.uninitialized = b.uninitialized
	cfg.prefix, cfg.files = b.Loader.Prefix, b.Env.Files
	cfg.starts, cfg.resources = b.starts, b.Env.Resources
	if b.divert != nil {
		cfg.Divert = b.divert()
	}
	if t := b.Env.Tracing; t != nil {
		cfg.tracer = t.Tracer
		watchTLS(t.Tracer, b.servers)
	}
	all := make([]*listen.Address, len(addrs))
	for i, a := range addrs {
		all[i] = &a.Address
	}
	cfg.socks = listen.Assign(all)
	offerHTTP2(addrs)
	b.regexes = regex.Compiler{}
	return cfg, nil
}

// all calls every function for every item, function by function.
func all[T any](fns []func(T) error, items []T) error {
	for _, fn := range fns {
		for _, item := range items {
			if err := fn(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// Start runs what modules do before the configuration serves.
func (c *Config) Start() error {
	for _, fn := range c.starts {
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

// Sockets returns the sockets to open, in the order of the addresses.
func (c *Config) Sockets() []netaddr.ListenSpec { return c.socks.Specs() }

// AddrOf returns the address that the connection s is for, which came on the listening
// socket of that key, nil when the configuration does not listen there.
func (c *Config) AddrOf(key string, s front.Socket) *Addr { return c.addr(c.socks.Find(key, s)) }

// At returns the address that connections to local come in on: the one that
// listens there, else the wildcard of its port. It is nil for none.
func (c *Config) At(local *netaddr.Addr) *Addr { return c.addr(c.socks.At(local)) }

func (c *Config) addr(place int) *Addr {
	if place < 0 {
		return nil
	}
	return c.Addrs[place]
}

// Register registers what the engine itself has of ngx_http_core_module. Package
// module/core has the rest.
func Register(b *Builder, m *conf.Module) {
	b.locs = conf.NewOwn[Location](m)
	b.logs = conf.NewSection(m, errorLogs{}, b.bindErrorLogs)
	b.addSettings(m)
	b.Loader.ChecksAfter("http")
	m.Block("http", func(cmd *conf.Cmd) error {
		b.http = cmd.Block.Child(conf.HTTP, cmd.Node)
		cmd.Enter(b.http)
		return nil
	})
	m.Block("server", b.addServer)
	m.Block("location", b.addLocation)
	m.Block("limit_except", b.limitExcept)
	m.Directive("listen", b.addListen)
	m.Partial("without quic", "listen")
	m.Directive("server_name", b.addServerName)
	b.EachServer(func(s *Server) error { return b.core.Of(s.Root.Block).BodyTemp.Default(b.Loader) })
}

// Present reports whether the configuration has an http block.
func (b *Builder) Present() bool { return b.http != nil }
