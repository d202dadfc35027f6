package pass

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Upstream is an upstream block, or what a *_pass directive with an address
// stands for.
type Upstream struct {
	Host     string
	Port     int // 0 in a block
	explicit bool
	noPort   bool
	at       string // " in FILE:LINE"

	servers   []upstream.Server
	method    upstream.Balancer
	allowed   param // what server lines may say, by method
	byIP      bool  // ip_hash
	leastTime bool  // least_time was there
	key       *script.Value
	zone      string // "" without one
	sticky    *sticky
	ntlm      bool // connections are bound to those of clients that log in by them
	queue     queueing
	names     bool   // there are servers whose names are looked up at run time
	state     string // the file that names the servers, "" for none
	http      *conf.Block
	// resolver and resolveTime (ms, -1: not given) are those of the block.
	resolver    *resolver.Resolver
	resolveTime int64
	keep        keepalive
	group       *upstream.Group
	pool        *upstream.Pool    // nil: connections are not kept
	watcher     *upstream.Watcher // where connections to its servers wait
	checks      []Check
}

// keepalive are the keepalive directives.
type keepalive struct {
	size     int // -1: not given
	local    bool
	requests int
	lifetime int64 // ms
	timeout  int64 // ms
}

// Upstreams are those of one configuration.
type Upstreams struct {
	list  []*Upstream
	learn map[string]string // hosts of the upstreams that use the zones of sticky learn
	// passing are the targets that a probe can ask, by the block of the directive.
	passing map[*conf.Block]passing
}

type upstreamsKey struct{}

// Of returns the upstreams of the configuration that b builds.
func Of(b *httpd.Builder) *Upstreams {
	return b.Shared(upstreamsKey{}, func() any { return &Upstreams{} }).(*Upstreams)
}

// Add returns the upstream for the address of a *_pass directive, which may be
// the name of a block that comes later.
func (s *Upstreams) Add(c *conf.Cmd, u *upstream.URL) (*Upstream, error) {
	return s.add(c, &Upstream{Host: u.Host, Port: u.Port, noPort: u.NoPort || u.Unix}, u)
}

func (s *Upstreams) add(c *conf.Cmd, n *Upstream, u *upstream.URL) (*Upstream, error) {
	for _, o := range s.list {
		if !strings.EqualFold(o.Host, n.Host) {
			continue
		}
		switch {
		case n.explicit && o.explicit:
			return nil, c.Errorf(`duplicate upstream "%s"`, n.Host)
		case o.explicit && !n.noPort:
			return nil, c.Errorf(`upstream "%s" may not have port %d`, n.Host, n.Port)
		case n.explicit && !o.noPort:
			return nil, c.Plain(`upstream "%s" may not have port %d%s`, n.Host, o.Port, o.at)
		case o.Port != 0 && n.Port != 0 && o.Port != n.Port:
			continue
		}
		if n.explicit {
			o.explicit, o.Port, o.servers = true, 0, nil
			o.keep, o.allowed, o.http, o.resolveTime = n.keep, n.allowed, n.http, n.resolveTime
		}
		return o, nil
	}
	n.at = c.At()
	if u != nil && len(u.Addrs) == 1 && (u.Port != 0 || u.Unix) {
		n.servers = []upstream.Server{{Name: u.Text, Addrs: u.Addrs, Weight: 1}}
	}
	s.list = append(s.list, n)
	return n, nil
}

// Blocks returns the upstream blocks, once the configuration is loaded.
func (s *Upstreams) Blocks() (list []*Upstream) {
	for _, u := range s.list {
		if u.explicit {
			list = append(list, u)
		}
	}
	return list
}

// Group is the peers of the upstream, once the configuration is loaded.
func (u *Upstream) Group() *upstream.Group { return u.group }

// Zone is the name of the block's zone, "" where it has none.
func (u *Upstream) Zone() string { return u.zone }

// StateFile is the file that names the servers of the block, "" where the configuration
// does. Who changes them writes it.
func (u *Upstream) StateFile() string { return u.state }

// Kept is the number of idle connections to the peers.
func (u *Upstream) Kept() int {
	if u.pool == nil {
		return 0
	}
	return u.pool.Len()
}

// Find returns the upstream that an address found at run time names, nil for
// none.
func (s *Upstreams) Find(host []byte, port int, noPort bool) *Upstream {
	for _, o := range s.list {
		if len(o.Host) == len(host) && (o.Port == 0 && noPort || o.Port == port) && strings.EqualFold(o.Host, string(host)) {
			return o
		}
	}
	return nil
}

// complete resolves names and makes the groups, once all upstreams are known.
func (s *Upstreams) complete(b *httpd.Builder) error {
	for _, u := range s.list {
		if err := u.complete(b); err != nil {
			return err
		}
	}
	return nil
}

func (u *Upstream) complete(b *httpd.Builder) error {
	if u.servers == nil && !u.explicit {
		if u.Port == 0 {
			return fmt.Errorf(`no port in upstream "%s"%s`, u.Host, u.at)
		}
		url := upstream.URL{Host: u.Host, Port: u.Port}
		if err := url.Resolve(b.Loader.Inputs.LookupHost); err != nil {
			return fmt.Errorf(`%w in upstream "%s"%s`, err, u.Host, u.at)
		}
		u.servers = []upstream.Server{{
			Name: u.Host, Addrs: url.Addrs, Weight: 1, MaxFails: 1, FailTimeout: 10,
		}}
	}
	u.watcher = watchers.Take(b.Env.Resources, "", func() *upstream.Watcher { return new(upstream.Watcher) })
	if !u.explicit {
		u.group = upstream.NewGroup(u.Host, u.servers, nil)
		return nil
	}
	return u.completeBlock(b)
}

// completeBlock makes the group of an upstream block.
func (u *Upstream) completeBlock(b *httpd.Builder) error {
	if err := u.check(b); err != nil {
		return err
	}
	u.group = upstream.New(&upstream.Config{
		Name: u.Host, Servers: u.servers, Method: u.method, Sticky: u.sticky != nil || u.ntlm,
		Queue: u.queue.most, QueueTimeout: msec(u.queue.timeout),
	})
	u.group.Carry(b.Env.Resources, "http")
	if u.sticky != nil {
		if err := u.sticky.complete(b, u.Host); err != nil {
			return err
		}
	}
	if u.keep.size != 0 {
		u.keepConnections(b)
	}
	if res, limit := u.lookups(b); res != nil && u.zone != "" {
		b.Start(func(*httpd.Config) error {
			u.group.Watch(upstream.Lookups{Resolver: res, Timeout: limit, Log: func(text string) {
				b.Env.Log.Log(errlog.Error, 0, nil, nil, "%s", text)
			}})
			return nil
		})
		b.Env.Resources.OnRetire(u.group.Stop)
	}
	return nil
}

// check refuses blocks that cannot work as a whole.
func (u *Upstream) check(b *httpd.Builder) error {
	res, _ := u.lookups(b)
	switch {
	case u.names && u.zone == "":
		return fmt.Errorf(`resolving names at run time requires upstream "%s"%s to be in shared memory`, u.Host, u.at)
	case u.names && (res == nil || len(res.Servers) == 0):
		return fmt.Errorf(`no resolver defined to resolve names at run time in upstream "%s"%s`, u.Host, u.at)
	case u.state == "" && !slices.ContainsFunc(u.servers, func(s upstream.Server) bool { return !s.Backup }):
		return fmt.Errorf(`no servers in upstream "%s"%s`, u.Host, u.at)
	}
	return nil
}

// lookups returns what looks names of servers up, nil for nothing, and for how long: the
// block's own resolver, or that of http.
func (u *Upstream) lookups(b *httpd.Builder) (*resolver.Resolver, time.Duration) {
	res, limit := b.Core(u.http).Resolver()
	if u.resolver != nil {
		res = u.resolver
	}
	if u.resolveTime >= 0 {
		limit = msec(u.resolveTime)
	}
	return res, limit
}

// What goes from one configuration to the next: the idle connections of an upstream
// block, by its name, and what they wait in.
const (
	watchers resource.Kind[*upstream.Watcher] = "http upstream"
	pools    resource.Kind[*upstream.Pool]    = "http upstream keepalive"
)

// keepConnections makes the pool, or takes over that of the configuration
// before.
func (u *Upstream) keepConnections(b *httpd.Builder) {
	k := &u.keep
	if k.size < 0 {
		k.size, k.local = 32, true
	}
	newPool := func() *upstream.Pool { return upstream.NewPool(u.watcher) }
	if k.local {
		u.pool = newPool()
		b.Env.Resources.OnStop(u.pool.Close)
	} else {
		u.pool = pools.Take(b.Env.Resources, u.Host, newPool)
	}
	pool, opt := u.pool, upstream.PoolOptions{
		Size: k.size, Requests: k.requests, Lifetime: k.lifetime * 1e6, Timeout: k.timeout * 1e6,
	}
	u.group.OnChange(pool.Forget)
	b.Start(func(*httpd.Config) error {
		opt.Peers = u.group.Addrs()
		pool.Configure(opt)
		return nil
	})
}
