package acme

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// name is nginx's name of the module.
const name = "ngx_http_acme_module"

// Module is ngx_http_acme_module.
func Module() httpd.Module { return httpd.Module{Name: name, Register: register} }

// module is what one load needs.
type module struct {
	b       *httpd.Builder
	own     *conf.Own[slot]
	issuers []*issuer
	hooks   *hooks
	zone    bool // acme_shared_zone was there
	table   *acme.Table
}

// slot is what a block has: the issuer that it is, or the order of a server.
type slot struct {
	issuer *issuer
	order  *acme.Order
}

func register(b *httpd.Builder, m *conf.Module) {
	x := &module{b: b, own: conf.NewOwn[slot](m), table: b.Env.Certificates, hooks: &hooks{}}
	if x.table == nil { // the configuration is not going to serve
		x.table = acme.NewTable()
	}
	m.Block("acme_issuer", x.addIssuer)
	x.bindIssuer(m)
	m.Hint("acme_shared_zone", "memory needs no reservation here", x.sharedZone)
	m.Directive("acme_certificate", x.addCertificate)
	x.defineVars()
	x.announceHook(m)
	b.Loader.AtEnd(x.completeIssuers)
	b.EachServer(x.server)
	b.Plan(x.plan)
	b.Divert(func() httpd.Divert {
		if !x.uses(acme.TLSALPN01) {
			return nil
		}
		return x.table.ALPN
	})
}

// uses reports whether an issuer uses a challenge.
func (x *module) uses(challenge string) bool {
	for _, i := range x.issuers {
		if i.Challenge == challenge {
			return true
		}
	}
	return false
}

// addCertificate reads acme_certificate. Names from server_name are added later.
func (x *module) addCertificate(c *conf.Cmd) error {
	own := x.own.Write(c.Block)
	if own.order != nil {
		return c.Bad("is duplicate")
	}
	if c.Arg(0) == "" {
		return c.Bad(`"issuer" is missing`)
	}
	o := &acme.Order{Issuer: strings.Clone(c.Arg(0)), Key: acme.DefaultKey()}
	for _, text := range c.Values()[1:] {
		kind, isKey := strings.CutPrefix(text, "key=")
		switch {
		case isKey:
			key, err := acme.ParseKey(kind)
			if err != nil {
				return c.Errorf("acme_certificate: %s", err.Error())
			}
			if key.File != "" || kind == "" {
				return c.Bad(`invalid "key" value`)
			}
			o.Key = key
		case text == "":
			return c.Bad("invalid value")
		default:
			if err := o.AddName(strings.Clone(text)); err != nil {
				return c.Errorf("acme_certificate: %s", err.Error())
			}
		}
	}
	own.order = o
	return nil
}

// server completes the order of a server, when all is set.
func (x *module) server(s *httpd.Server) error {
	own := x.own.Of(s.Block)
	if own == nil || own.order == nil {
		return nil
	}
	o := own.order
	if len(o.Names) == 0 {
		if err := x.takeNames(s, o); err != nil {
			return err
		}
	}
	i := x.issuer(o.Issuer)
	if i == nil {
		return x.atEnd(`issuer "` + o.Issuer + `" is missing`)
	}
	o.Identify()
	i.Orders = append(i.Orders, o)
	s.Issued = x.table.Entry(o)
	return nil
}

// issuer returns the issuer of a name, nil for none.
func (x *module) issuer(name string) *issuer {
	for _, i := range x.issuers {
		if i.Name == name {
			return i
		}
	}
	return x.builtIn(name)
}

// takeNames makes the names of a server those of its order.
func (x *module) takeNames(s *httpd.Server, o *acme.Order) error {
	names, regexes := s.Names()
	for _, re := range regexes {
		x.b.Loader.Warnf(`"acme_certificate": unsupported regular expression in server_name: ~%s`, re.String())
	}
	for _, n := range names {
		if n == "" {
			continue
		}
		if err := o.AddName(strings.Clone(n)); err != nil {
			return x.atEnd(`"acme_certificate": ` + err.Error())
		}
	}
	if len(o.Names) == 0 {
		return x.atEnd(`"acme_certificate": no identifiers found in "server_name"`)
	}
	return nil
}

// atEnd is an error at the end of the http block, where nginx finds it.
func (x *module) atEnd(text string) error {
	n := x.b.HTTPBlock().Node
	return conf.Unlocated(conf.Sprintf("%s in %s:%d", text, n.File.Path, n.EndLine))
}

// defineVars defines $acme_certificate and $acme_certificate_key.
func (x *module) defineVars() {
	define := func(name string, text func(c *acme.Certificate) []byte) {
		x.b.Vars.Define(name, httpd.Var{Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			e := r.Server().Issued
			if e == nil {
				return nil, false
			}
			c, err := e.Certificate()
			if err != nil {
				return nil, false
			}
			pem := text(c)
			b := append(r.Alloc(len(dataPrefix) + len(pem))[:0], dataPrefix...)
			return append(b, pem...), true
		}})
	}
	define("acme_certificate", func(c *acme.Certificate) []byte { return c.Chain })
	define("acme_certificate_key", func(c *acme.Certificate) []byte { return c.Key })
}

// dataPrefix makes ssl_certificate take the text itself.
const dataPrefix = "data:"

// plan has every server answer http-01.
func (x *module) plan(p *httpd.Plan) {
	if p.Location == p.Location.Server.Root && x.uses(acme.HTTP01) {
		p.PostRead(solver{x.table}.answer)
	}
}

const tokens = "/.well-known/acme-challenge/"

// solver answers http-01.
type solver struct{ table *acme.Table }

// answer answers the question of a CA with http-01 (RFC 8555, 8.3).
func (s solver) answer(r *httpd.Request) httpd.Result {
	if r.Method != h1.Get || len(r.URI) <= len(tokens) || string(r.URI[:len(tokens)]) != tokens {
		return httpd.Declined
	}
	text, ok := s.table.HTTP(r.URI[len(tokens):])
	if !ok {
		return httpd.Declined
	}
	if r.Debugging() {
		r.Debugf("acme/http-01: challenge for %s", r.URI[len(tokens):])
	}
	return r.Respond(200, plain, text)
}

var plain = []byte("text/plain")

// sharedZone checks acme_shared_zone.
func (x *module) sharedZone(c *conf.Cmd) error {
	if x.zone {
		return c.Bad("is duplicate")
	}
	value, ok := strings.CutPrefix(c.Arg(0), "zone=")
	if !ok {
		return c.Errorf(`"acme_shared_zone" must have "zone" parameter`)
	}
	zone, text, _ := strings.Cut(value, ":")
	size, ok := conf.ParseSize(text)
	switch {
	case !ok:
		return c.Errorf(`acme_shared_zone: invalid zone size "%s"`, value)
	case size < 8*4096:
		return c.Errorf("acme_shared_zone: zone %s is too small", zone)
	}
	x.zone = true
	return c.SharedZone(zone, size, name)
}
