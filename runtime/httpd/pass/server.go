package pass

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// param is a set of parameters of server that methods support or not.
type param uint8

const (
	paramWeight param = 1 << iota
	paramMaxConns
	paramMaxFails
	paramFailTimeout
	paramDown
	paramBackup
	paramSlowStart

	paramAll = paramWeight | paramMaxConns | paramMaxFails | paramFailTimeout | paramDown | paramBackup | paramSlowStart
	// paramPlain is what methods support that choose without regard to ranks.
	paramPlain = paramAll &^ (paramBackup | paramSlowStart)
)

// serverLine is a server directive that is being read.
type serverLine struct {
	upstream.Server
	resolve bool
}

// addServer handles server.
func (u *Upstream) addServer(c *conf.Cmd) error {
	if u.state != "" && c.File.Path != u.state {
		return c.Errorf("%s", stateAndServer)
	}
	s := serverLine{Server: upstream.Server{Weight: 1, MaxFails: 1, FailTimeout: 10}}
	for _, a := range c.Args[1:] {
		if err := u.serverParam(c, &s, a.Value); err != nil {
			return err
		}
	}
	if s.Service != "" && !s.resolve {
		return c.Errorf(`service upstream "%s" requires "resolve" parameter`, c.Arg(0))
	}
	url, err := upstream.ParseURL(c.Arg(0), 80, false)
	if err == nil && !s.resolve {
		err = url.Resolve(c.Loader.Inputs.LookupHost)
	}
	switch {
	case err != nil:
		return c.Errorf(`%s in upstream "%s"`, err, c.Arg(0))
	case s.Service != "" && !url.NoPort:
		return c.Errorf(`service upstream "%s" may not have port`, c.Arg(0))
	case s.Service != "" && url.Addrs != nil:
		return c.Errorf(`service upstream "%s" requires domain name`, c.Arg(0))
	}
	s.Name, s.Addrs = c.Arg(0), url.Addrs
	if s.resolve && url.Addrs == nil {
		s.Host, s.Port = url.Host, url.Port
		u.names = true
	}
	u.servers = append(u.servers, s.Server)
	return nil
}

// serverParam reads one parameter.
func (u *Upstream) serverParam(c *conf.Cmd, s *serverLine, text string) error {
	name, value, valued := strings.Cut(text, "=")
	var need param
	ok := valued
	switch name {
	case "weight":
		need = paramWeight
		s.Weight, ok = conf.ParseInt(value)
		ok = ok && s.Weight > 0
	case "max_conns":
		need = paramMaxConns
		s.MaxConns, ok = conf.ParseInt(value)
	case "max_fails":
		need = paramMaxFails
		s.MaxFails, ok = conf.ParseInt(value)
	case "fail_timeout":
		need = paramFailTimeout
		s.FailTimeout, ok = conf.ParseSec(value)
	case "slow_start":
		need = paramSlowStart
		s.SlowStart, ok = conf.ParseMsec(value)
	case "route", "service":
		if valued {
			return s.setName(c, name, value)
		}
	default:
		ok = !valued && s.word(name, &need)
	}
	switch {
	case need&^u.allowed != 0:
		return c.Errorf(`balancing method does not support parameter "%s"`, text)
	case !ok:
		return c.Errorf(`invalid parameter "%s"`, text)
	}
	return nil
}

// word reads a parameter without a value. need is what the method is to support. False:
// there is no such parameter.
func (s *serverLine) word(name string, need *param) bool {
	switch name {
	case "backup":
		*need, s.Backup = paramBackup, true
	case "down":
		*need, s.Down, s.Drain = paramDown, true, false
	case "drain":
		*need, s.Down, s.Drain = paramDown, false, true
	case "resolve":
		s.resolve = true
	default:
		return false
	}
	return true
}

// setName reads a parameter that names something.
func (s *serverLine) setName(c *conf.Cmd, name, value string) error {
	switch {
	case value == "":
		return c.Errorf("%s is empty", name)
	case name == "service":
		s.Service = value
	case len(value) > upstream.MaxRoute:
		return c.Errorf("route is longer than %d", upstream.MaxRoute)
	default:
		s.Route = value
	}
	return nil
}

const stateAndServer = `"state" cannot be used along with "server"`

// setState handles state: the servers are those of a file, which the API writes. There
// may be none yet.
func (u *Upstream) setState(c *conf.Cmd) error {
	if u.servers != nil {
		return c.Errorf("%s", stateAndServer)
	}
	u.state = c.Loader.FullPath(c.Arg(0))
	data, err := c.Loader.Inputs.ReadState(u.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return c.Errorf("%s", err.Error())
	}
	for _, d := range parser.Parse(u.state, data).Body {
		line := conf.Cmd{Node: &conf.Node{Directive: d, Seq: c.Seq}, Block: c.Block, Loader: c.Loader}
		switch {
		case d.Err != nil:
			return c.Plain("%s", d.Err.Error())
		case d.Name.Value != "server" || d.IsBlock || len(d.Args) == 0:
			return c.Errorf(`invalid statement "%s" at line %d of "%s"`, d.Name.Value, d.Line, u.state)
		}
		if err := u.addServer(&line); err != nil {
			return c.Errorf(`%s at line %d of "%s"`, err.Error(), d.Line, u.state)
		}
	}
	return nil
}

// setResolver handles resolver.
func (u *Upstream) setResolver(b *httpd.Builder, c *conf.Cmd) error {
	if u.resolver != nil {
		return c.Bad("is duplicate")
	}
	settings, err := resolver.Parse(c.Values(), c.Loader.Inputs.LookupHost)
	if err != nil {
		return c.Errorf("%s", err.Error())
	}
	settings.Log = func(text string) { b.Env.Log.Log(errlog.Error, 0, nil, nil, "%s", text) }
	u.resolver = resolver.New(*settings)
	b.Env.Resources.OnStop(u.resolver.Close)
	return nil
}

// queueing is the queue directive.
type queueing struct {
	most    int   // 0: none
	timeout int64 // ms
}

// setQueue handles queue.
func (u *Upstream) setQueue(c *conf.Cmd) error {
	n, ok := conf.ParseInt(c.Arg(0))
	if !ok || n == 0 {
		return c.Errorf(`invalid value "%s" in "queue" directive`, c.Arg(0))
	}
	u.queue = queueing{n, 60000}
	if len(c.Args) < 2 {
		return nil
	}
	text, found := strings.CutPrefix(c.Arg(1), "timeout=")
	if u.queue.timeout, ok = conf.ParseMsec(text); !found || !ok || u.queue.timeout == 0 {
		return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
	}
	return nil
}
