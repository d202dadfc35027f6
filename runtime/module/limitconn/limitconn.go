package limitconn

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/limitreq/refusal"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

const name = "ngx_http_limit_conn_module"

// Module is ngx_http_limit_conn_module.
func Module() httpd.Module { return httpd.Module{Name: name, Register: register} }

// entrySize is what an entry of nginx's takes without its key.
const entrySize = 36

// settings are the directives of a block.
type settings struct {
	refusal.Settings
	zones  *zone.Set[count]
	limits conf.List[limit]
}

// limit is one limit_conn.
type limit struct {
	zone *zone.Zone[count]
	most int
}

func register(b *httpd.Builder, m *conf.Module) {
	zones := zone.NewSet[count](name, entrySize)
	m.Directive("limit_conn_zone", func(cmd *conf.Cmd) error { return addZone(b, zones, cmd) })
	defaults := settings{Settings: refusal.Defaults(refusal.Define(b, "limit_conn_status")), zones: zones}
	section := conf.NewSection(m, defaults, func(c *settings, t *conf.Table) {
		t.Func("limit_conn", func(cmd *conf.Cmd) error { return c.add(cmd) })
		c.Bind(t, "limit_conn")
	})
	b.Loader.AtEnd(func() error {
		err := zones.Complete("limit_conn_zone", b.Env.Resources)
		b.Zones().Add("limit_conn", zones.Infos())
		return err
	})
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.limits.Items) > 0 {
			p.PreAccess(c.check)
		}
	})
}

// addZone reads limit_conn_zone.
func addZone(b *httpd.Builder, zones *zone.Set[count], cmd *conf.Cmd) error {
	key, err := b.Value(cmd, 0)
	if err != nil {
		return err
	}
	_, err = zones.Declare(cmd, key, func(string) (bool, error) { return false, nil })
	return err
}

// maxConns is the largest limit.
const maxConns = 65535

// add reads limit_conn.
func (c *settings) add(cmd *conf.Cmd) error {
	z, err := c.zones.Named(cmd, cmd.Arg(0))
	if err != nil {
		return err
	}
	if c.limits.SetAt(cmd.Block) {
		for _, l := range c.limits.Items {
			if l.zone == z {
				return cmd.Bad("is duplicate")
			}
		}
	}
	n, ok := conf.ParseInt(cmd.Arg(1))
	switch {
	case !ok || n == 0:
		return cmd.Errorf(`invalid number of connections "%s"`, cmd.Arg(1))
	case n > maxConns:
		return cmd.Errorf("connection limit must be less %d", maxConns+1)
	}
	c.limits.Add(cmd.Block, limit{z, n})
	return nil
}
