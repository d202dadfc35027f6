package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
)

// addSettings registers the directives whose values a request is served with.
func (b *Builder) addSettings(m *conf.Module) {
	b.srvConf = conf.NewSection(m, settings.DefaultServer(), settings.BindServer)
	// The settings of http count where a server has none of its own.
	b.srvConf.Finish(m, func(block *conf.Block, c *settings.Server) error {
		if b.srvConf.Unused(block) {
			return nil
		}
		return c.Check()
	})
	m.Partial("checked; memory is pooled by size classes", "connection_pool_size")
	e := &settings.Env{
		Compile: b.Vars.Compile, Place: b.placeOf, Log: func() *errlog.Logger { return b.Env.Log }, OnRetire: b.Env.Resources.OnRetire,
		OnStop: b.Env.Resources.OnStop,
	}
	b.core = conf.NewSection(m, settings.Default(b.Loader), e.Bind)
	b.core.Finish(m, func(block *conf.Block, c *settings.Core) error {
		var around *settings.Core
		if block.Parent != nil {
			around = b.core.Of(block.Parent)
		}
		c.Finish(b.Loader, around)
		return nil
	})
}

// placeOf tells the settings where they stand.
func (b *Builder) placeOf(block *conf.Block) (p settings.Place, ok bool) {
	l := b.locs.Of(block)
	if l == nil {
		return p, false
	}
	return settings.Place{Name: l.Name, Named: l.Named, Regex: l.Regex != nil}, true
}
