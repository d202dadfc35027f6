package proxy

import (
	"net/netip"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// target is a proxy_pass: where a location's requests go, with all that the
// location's settings say about it. Immutable once it serves.
type target struct {
	block *conf.Block
	mod   *module
	conf  *settings
	value *script.Value // with variables, nil without
	url   string        // as written
	addr                // of a url without variables
	up    *pass.Upstream
	tls   *pass.TLS // for https, and for a value with variables

	location []byte // what the URI part replaces; nil where it cannot
	rewrites *rewrites
}

// addr is the address of one request's server.
type addr struct {
	schema []byte // "http://"
	host   []byte // without the port, for TLS and the choice of an upstream
	name   []byte // $proxy_host
	port   []byte // $proxy_port
	uri    []byte // the URI part
	https  bool
	number int // the port
	noPort bool
}

// setPass handles proxy_pass.
func (m *module) setPass(c *settings, cmd *conf.Cmd) error {
	t := &target{block: cmd.Block, mod: m, url: cmd.Arg(0)}
	c.pass.Set(cmd.Block, t)
	l := m.b.Location(cmd.Block)
	l.AutoRedirect()
	m.b.SetPass(cmd, t.handle)
	v, err := m.b.Value(cmd, 0)
	if err != nil {
		return err
	}
	if _, static := v.Static(); !static {
		t.value = v
		m.targets = append(m.targets, t)
		return nil
	}
	rest, ok := t.splitSchema(t.url)
	if !ok {
		return cmd.Errorf("invalid URL prefix")
	}
	u, err := upstream.ParseURL(rest, t.number, true)
	if err != nil {
		return cmd.Errorf(`%s in upstream "%s"`, err, rest)
	}
	if t.up, err = m.ups.Add(cmd, &u); err != nil {
		return err
	}
	if t.https {
		m.targets = append(m.targets, t)
	}
	t.set(&u)
	if l.Named || l.Regex != nil || l.NoName {
		if len(t.uri) > 0 {
			return cmd.Errorf(`"proxy_pass" cannot have URI part in location given by regular expression, ` +
				`or inside named location, or inside "if" statement, or inside "limit_except" block`)
		}
		return nil
	}
	t.location = []byte(l.Name)
	return nil
}

// splitSchema takes http:// or https:// off a URL and sets the default port.
func (a *addr) splitSchema(url string) (rest string, ok bool) {
	switch {
	case len(url) >= 7 && strings.EqualFold(url[:7], "http://"):
		a.schema, a.number, rest = []byte(url[:7]), 80, url[7:]
	case len(url) >= 8 && strings.EqualFold(url[:8], "https://"):
		a.schema, a.number, a.https, rest = []byte(url[:8]), 443, true, url[8:]
	default:
		return "", false
	}
	return rest, true
}

// set takes the parts of a parsed address.
func (a *addr) set(u *upstream.URL) {
	def := a.number
	a.host, a.uri, a.number, a.noPort = []byte(u.Host), []byte(u.URI), u.Port, u.NoPort
	switch {
	case u.Unix:
		a.name, a.port = []byte("localhost"), nil
	case u.NoPort || u.Port == def:
		a.name, a.port = a.host, []byte("80")
		if def == 443 {
			a.port = []byte("443")
		}
	default:
		a.name, a.port = []byte(u.Host+":"+u.PortText), []byte(u.PortText)
	}
}

// handle is the content handler.
func (t *target) handle(r *httpd.Request) httpd.Result {
	c := newCall(t)
	c.addr = t.addr
	c.Up, c.Host, c.TLS = t.up, t.host, t.tls
	c.S, c.Tag = &t.conf.Settings, t
	c.Begin(r, c)
	*r.Ctx(t.mod.slot) = t.mod
	if t.value != nil {
		if rc := c.resolve(r); rc != httpd.OK {
			return rc
		}
	}
	c.Schema, c.Protocol = c.addr.schema, "http"
	if rc := c.readBody(); rc != httpd.OK {
		return rc
	}
	if c.Up == nil && c.Group == nil && r.Tracer() == nil {
		if rc := c.lookup(); rc != httpd.OK {
			return rc
		}
	}
	return c.Run()
}

// resolve evaluates a proxy_pass with variables.
func (c *call) resolve(r *httpd.Request) httpd.Result {
	text := string(c.target.value.Eval(r))
	rest, ok := c.addr.splitSchema(text)
	if !ok || rest == "" {
		r.Errorf(nil, `invalid URL prefix in "%s"`, text)
		return httpd.StatusInternalServerError
	}
	u, err := upstream.ParseURL(rest, c.addr.number, true)
	if err != nil {
		r.Errorf(nil, `%s in upstream "%s"`, err, rest)
		return httpd.StatusInternalServerError
	}
	if strings.HasPrefix(u.URI, "?") {
		u.URI = "/" + u.URI
	}
	c.addr.set(&u)
	c.Host = c.addr.host
	if !c.addr.https {
		c.TLS = nil
	}
	if c.Up = c.target.mod.ups.Find(c.addr.host, u.Port, u.NoPort); c.Up == nil && u.Addrs != nil {
		c.Group = group(u.Host, u.Addrs)
	}
	return httpd.OK
}

// Authority is the server's address as a URL has it.
func (c *call) Authority() string {
	if len(c.addr.port) == 0 {
		return "unix:" + string(c.addr.host) + ":"
	}
	return string(c.addr.name)
}

// group makes the upstream of an address found at run time.
func group(name string, addrs []netaddr.Addr) *upstream.Group {
	return upstream.NewGroup(name, []upstream.Server{{
		Name: name, Addrs: addrs, Weight: 1, MaxFails: 1, FailTimeout: 10,
	}}, upstream.RoundRobin{})
}

// lookup resolves a name that was found at run time.
func (c *call) lookup() httpd.Result {
	r := c.R
	res, limit := r.Core().Resolver()
	if res == nil {
		r.Errorf(nil, "no resolver defined to resolve %s", c.addr.host)
		return httpd.StatusBadGateway
	}
	cancel := c.BeginLookup()
	ips, _, err := res.Resolve(nil, string(c.addr.host), resolver.Wait{Timeout: limit, Cancel: cancel})
	if rc := c.EndLookup(); rc != httpd.OK {
		return rc
	}
	if err != nil {
		r.Errorf(nil, "%s", err.Error())
		return httpd.StatusBadGateway
	}
	addrs := make([]netaddr.Addr, len(ips))
	for i, ip := range ips {
		addrs[i] = netaddr.AddrFrom(netip.AddrPortFrom(ip, uint16(c.addr.number)))
	}
	c.Group = group(string(c.addr.host), addrs)
	return httpd.OK
}
