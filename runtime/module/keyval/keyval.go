package keyval

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/zone/pairs"
)

// Module is ngx_http_keyval_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_keyval_module", Register: register}
}

func register(b *httpd.Builder, m *conf.Module) {
	zones := b.KeyvalZones()
	m.Directive("keyval_zone", zones.Declare)
	m.Directive("keyval", func(c *conf.Cmd) error { return define(b, zones, c) })
	m.Partial("without sync", "keyval_zone")
	b.Loader.AtEnd(func() error {
		zones.Complete(b.Env.Resources)
		b.Zones().Add("keyval", zones.Infos())
		if b.Env.Tracing != nil {
			zones.Inspect()
		}
		return nil
	})
	b.Start(func(*httpd.Config) error { return zones.Begin(b.Env.Log) })
}

// define handles `keyval key $variable zone=name`.
func define(b *httpd.Builder, zones *pairs.Zones, c *conf.Cmd) error {
	key, name, err := b.KeyAndVariable(c)
	if err != nil {
		return err
	}
	z, err := zones.Named(c, c.Arg(2))
	if err != nil {
		return err
	}
	v := &variable{key, z}
	if _, err := b.Vars.Add(name, httpd.Var{Get: v.get, Set: v.set, NoCache: true, Changeable: true}, false); err != nil {
		return c.Errorf("%s", err.Error())
	}
	return nil
}

// variable is one that keyval defines.
type variable struct {
	key  *script.Value
	zone *pairs.Zone
}

// get computes the variable. A key without a value gives none.
func (v *variable) get(r *httpd.Request, _ string) ([]byte, bool) {
	return v.zone.Store.Get(v.key.Eval(r))
}

// set changes the pair of the key.
func (v *variable) set(r *httpd.Request, value []byte) {
	if err := v.zone.Store.Set(string(v.key.Eval(r)), string(value)); err != nil {
		r.Logf(errlog.Error, nil, `keyval zone "%s": the value of key "%s" is not stored: %s`, v.zone.Name, v.key.Eval(r), err.Error())
	}
}
