package acme

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// hook is an acme_hook: a location that is asked to meet the challenges of an issuer. Immutable once it serves.
type hook struct {
	issuer string
	uri    *script.Value // nil: that of the location
	server *httpd.Server
	loc    *httpd.Location
	at     string // " in FILE:LINE"
}

// hooks are those of a configuration.
type hooks struct{ list []*hook }

// announceHook describes acme_hook, which is Angie's.
func (x *module) announceHook(m *conf.Module) {
	m.Announce(conf.Spec{Name: "acme_hook", Contexts: conf.Location, Min: 1, Max: 2})
	m.Directive("acme_hook", x.addHook)
	slot := x.b.Slot()
	define := func(name string, get func(c *call) string) {
		x.b.Vars.Define(name, httpd.Var{NoCache: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			c, ok := (*r.Main().Ctx(slot)).(*call)
			if !ok {
				return nil, false
			}
			return []byte(get(c)), true
		}})
	}
	define("acme_hook_name", func(c *call) string { return c.action })
	define("acme_hook_client", func(c *call) string { return c.Issuer })
	define("acme_hook_challenge", func(c *call) string { return strings.TrimSuffix(c.Challenge, "-01") })
	define("acme_hook_domain", func(c *call) string { return c.Domain })
	define("acme_hook_token", func(c *call) string { return c.Token })
	define("acme_hook_keyauth", func(c *call) string { return c.Auth })
	table, hooks := x.table, x.hooks // and nothing else of x, which has the tree
	x.b.Start(func(cfg *httpd.Config) error {
		table.SetHooks(caller{cfg, hooks.list, slot}.call)
		return nil
	})
}

// addHook reads `acme_hook issuer [uri=...]`.
func (x *module) addHook(c *conf.Cmd) error {
	h := &hook{issuer: strings.Clone(c.Arg(0)), server: x.b.ServerOf(c.Block), loc: x.b.Location(c.Block), at: c.At()}
	if x.hookOf(h.issuer) != nil {
		return c.Bad("is duplicate")
	}
	if len(c.Args) > 1 {
		text, ok := strings.CutPrefix(c.Arg(1), "uri=")
		if !ok || text == "" {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
		}
		v, err := x.b.Vars.Compile(strings.Clone(text))
		if err != nil {
			return c.Errorf("%s", err.Error())
		}
		h.uri = v
	}
	x.hooks.list = append(x.hooks.list, h)
	return nil
}

// hookOf returns the hook of an issuer, nil for none.
func (x *module) hookOf(issuer string) *hook {
	for _, h := range x.hooks.list {
		if h.issuer == issuer {
			return h
		}
	}
	return nil
}

// checkHooks checks that hooks and issuers belong together.
func (x *module) checkHooks() error {
	for _, i := range x.issuers {
		if i.Challenge == acme.DNS01 && x.hookOf(i.Name) == nil {
			i.cmd.ItemErr(i.challenge, "unsupported challenge: %s", i.challenge.Args[0].Value)
		}
	}
	for _, h := range x.hooks.list {
		known := false
		for _, i := range x.issuers {
			known = known || i.Name == h.issuer && i.Challenge == acme.DNS01
		}
		if !known {
			return conf.Unlocated(`acme_hook: issuer "` + h.issuer + `" with the challenge dns-01 is missing` + h.at)
		}
	}
	return nil
}

// call is a hook at work.
type call struct {
	acme.Hook
	action string
}

// LogFields implements errlog.Context.
func (c *call) LogFields(f *errlog.Fields) { f.Quote("acme hook", []byte(c.action+" "+c.Domain)) }

// caller calls the hooks of one configuration.
type caller struct {
	cfg   *httpd.Config
	hooks []*hook
	slot  int
}

var errEnded = errors.New("the configuration has ended")

// call is an acme.HookFunc. The application has done what it was asked for when it answers with 2xx.
func (k caller) call(action string, h acme.Hook) error {
	for _, hook := range k.hooks {
		if hook.issuer == h.Issuer {
			return hook.run(k, &call{h, action})
		}
	}
	return errEnded
}

// run asks the location.
func (h *hook) run(k caller, c *call) error {
	p := k.cfg.NewProbe(h.server, h.loc, []byte("/"), c)
	if p == nil {
		return errEnded
	}
	defer p.Release()
	r := p.R
	*r.Ctx(k.slot) = c
	if h.uri != nil {
		uri, args, asked := strings.Cut(string(h.uri.Eval(r)), "?")
		r.URI, r.Unparsed = []byte(uri), []byte(uri)
		if asked {
			r.Args, r.Unparsed = []byte(args), []byte(uri+"?"+args)
		}
	}
	if status := p.Run(); status < 200 || status > 299 {
		err := fmt.Errorf("the hook has answered with %d", status)
		r.Logf(errlog.Error, nil, "acme_hook failed: %s", err.Error())
		return err
	}
	return nil
}
