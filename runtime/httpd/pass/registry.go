package pass

import (
	"fmt"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
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

	servers []upstream.Server
	method  upstream.Balancer
	allowed param // what server lines may say, by method
	byIP    bool  // ip_hash
	key     *script.Value
	zone    bool
	keep    keepalive
	group   *upstream.Group
	pool    *upstream.Pool // nil: connections are not kept
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
	list []*Upstream
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
			o.keep, o.allowed, o.method = n.keep, n.allowed, n.method
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
	if u.servers == nil {
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
	primary := 0
	for i := range u.servers {
		if !u.servers[i].Backup {
			primary++
		}
	}
	if primary == 0 {
		return fmt.Errorf(`no servers in upstream "%s"%s`, u.Host, u.at)
	}
	if u.method == nil {
		u.method = upstream.RoundRobin{}
	}
	u.group = upstream.NewGroup(u.Host, u.servers, u.method)
	if u.explicit {
		u.group.Carry(b.Env.Resources, "http")
		if u.keep.size != 0 {
			u.keepConnections(b)
		}
	}
	return nil
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
	watcher := watchers.Take(b.Env.Resources, "", func() *upstream.Watcher { return new(upstream.Watcher) })
	newPool := func() *upstream.Pool { return upstream.NewPool(watcher) }
	if k.local {
		u.pool = newPool()
		b.Env.Resources.OnStop(u.pool.Close)
	} else {
		u.pool = pools.Take(b.Env.Resources, u.Host, newPool)
	}
	pool, opt := u.pool, upstream.PoolOptions{
		Size: k.size, Requests: k.requests, Lifetime: k.lifetime * 1e6, Timeout: k.timeout * 1e6,
	}
	for i := range u.servers {
		opt.Peers = append(opt.Peers, u.servers[i].Addrs...)
	}
	b.Start(func(*httpd.Config) error {
		pool.Configure(opt)
		return nil
	})
}
