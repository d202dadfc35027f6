package healthcheck

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// Module is ngx_http_upstream_hc_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_upstream_hc_module", Register: register}
}

// check is a health_check. Immutable once it serves.
type check struct {
	interval, jitter time.Duration
	fails, passes    int
	uri              []byte
	port             int // 0: that of the peer
	name             string
	match            *match // nil: the status has to be 2xx or 3xx
	mandatory        bool
	persistent       bool
	grpc             *grpcCheck    // type=grpc; nil: http
	keep             time.Duration // 0: a connection for each check

	http   bool // uri or match is given
	block  *conf.Block
	at     string // " in FILE:LINE"
	server *httpd.Server
	loc    *httpd.Location
	up     *pass.Upstream
	prober pass.Prober
}

// module is what one load needs.
type module struct {
	b       *httpd.Builder
	ups     *pass.Upstreams
	own     *conf.Own[slot]
	matches map[string]*match
	checks  []*check
	groups  []*group
}

// slot is the health_check of a location, or the match that a block is.
type slot struct {
	check *check
	match *match
}

func register(b *httpd.Builder, m *conf.Module) {
	mod := &module{b: b, ups: pass.Of(b), own: conf.NewOwn[slot](m), matches: map[string]*match{}}
	m.Directive("health_check", mod.addCheck)
	m.Block("match", mod.addMatch)
	mod.bindMatch(m)
	b.Loader.AtEnd(mod.complete)
	b.EachServer(mod.findLocations)
	b.Start(mod.start)
}

// addCheck reads health_check.
func (m *module) addCheck(cmd *conf.Cmd) error {
	s := m.own.Write(cmd.Block)
	if s.check != nil {
		return cmd.Bad("is duplicate")
	}
	c := &check{
		interval: 5 * time.Second, fails: 1, passes: 1, uri: []byte("/"),
		block: cmd.Block, at: cmd.At(),
	}
	for _, a := range cmd.Args {
		if err := c.parameter(cmd, a.Value); err != nil {
			return err
		}
	}
	if c.grpc != nil {
		c.uri = grpcURI
		c.grpc.finish()
	}
	if c.persistent && !c.mandatory {
		return cmd.Errorf(`"persistent" requires "mandatory" parameter`)
	}
	s.check = c
	m.checks = append(m.checks, c)
	return nil
}

// parameter reads one parameter of health_check.
func (c *check) parameter(cmd *conf.Cmd, text string) error {
	name, value, valued := strings.Cut(text, "=")
	ok := valued && value != ""
	if c.grpc != nil { // what belongs to it is the last
		if !c.grpc.parameter(name, value) || !ok {
			return cmd.Errorf(`invalid parameter "%s"`, text)
		}
		return nil
	}
	switch name {
	case "interval":
		c.interval, ok = duration(value)
		ok = ok && c.interval > 0
	case "jitter":
		c.jitter, ok = duration(value)
	case "keepalive_time":
		c.keep, ok = duration(value)
	case "fails":
		c.fails, ok = conf.ParseInt(value)
		ok = ok && c.fails > 0
	case "passes":
		c.passes, ok = conf.ParseInt(value)
		ok = ok && c.passes > 0
	case "port":
		c.port, ok = conf.ParseInt(value)
		ok = ok && c.port > 0 && c.port < 65536
	case "uri":
		c.uri, c.http, ok = []byte(value), true, ok && value[0] == '/'
	case "match":
		c.name, c.http = value, true
	case "mandatory":
		c.mandatory, ok = true, !valued
	case "persistent":
		c.persistent, ok = true, !valued
	case "type":
		if value == "grpc" && !c.http {
			c.grpc = &grpcCheck{}
		}
		ok = value == "http" || c.grpc != nil
	default:
		ok = false
	}
	if !ok {
		return cmd.Errorf(`invalid parameter "%s"`, text)
	}
	return nil
}

func duration(text string) (time.Duration, bool) {
	ms, ok := conf.ParseMsec(text)
	return time.Duration(ms) * time.Millisecond, ok
}

// complete finds what the checks name, once everything is read.
func (m *module) complete() error {
	byUpstream := map[*pass.Upstream]*group{}
	for _, c := range m.checks {
		c.up, c.prober = m.ups.ProberOf(c.block)
		if c.up == nil {
			return fmt.Errorf(`"health_check" requires "proxy_pass" to an upstream block in its location%s`, c.at)
		}
		if _, ok := c.prober.(pass.MessageProber); !ok && c.grpc != nil {
			return fmt.Errorf(`"health_check" with "type=grpc" requires "grpc_pass" in its location%s`, c.at)
		}
		if c.up.Zone() == "" {
			return fmt.Errorf(`health checks require upstream "%s" to be in shared memory%s`, c.up.Host, c.at)
		}
		if c.name != "" {
			if c.match = m.matches[c.name]; c.match == nil {
				return fmt.Errorf(`no match "%s" for "health_check"%s`, c.name, c.at)
			}
		}
		c.up.AddCheck(pass.Check{URI: string(c.uri), Match: c.name, Mandatory: c.mandatory})
	}
	for _, up := range m.ups.Blocks() {
		g := newGroup(m.b, up)
		byUpstream[up] = g
		m.groups = append(m.groups, g)
	}
	for _, c := range m.checks {
		g := byUpstream[c.up]
		g.checks = append(g.checks, c)
	}
	return nil
}

// findLocations notes the locations of the checks in a server.
func (m *module) findLocations(s *httpd.Server) error {
	for _, c := range m.checks {
		for b := c.block; b != nil; b = b.Parent {
			if b == s.Block {
				c.server, c.loc = s, m.b.Location(c.block)
			}
		}
	}
	return nil
}

// start begins to check.
func (m *module) start(cfg *httpd.Config) error {
	for _, g := range m.groups {
		g.start(cfg)
	}
	m.b.Env.Resources.OnRetire(func() {
		for _, g := range m.groups {
			g.stop()
		}
	})
	return nil
}
