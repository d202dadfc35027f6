package limitconn

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

const name = "ngx_http_limit_conn_module"

// Module is ngx_http_limit_conn_module.
func Module() httpd.Module { return httpd.Module{Name: name, Register: register} }

// entrySize is what an entry of nginx's takes without its key.
const entrySize = 36

// settings are the directives of a block.
type settings struct {
	module *module
	limits conf.List[limit]
	level  int // errlog.Level of refusals
	status int
	dryRun bool
}

// limit is one limit_conn.
type limit struct {
	zone *zone.Zone[count]
	most int
}

// module is the state of one load.
type module struct {
	b      *httpd.Builder
	zones  *zone.Set[count]
	status int // number of $limit_conn_status
}

var levels = []conf.Choice{
	{Word: "info", Value: int(errlog.Info)},
	{Word: "notice", Value: int(errlog.Notice)},
	{Word: "warn", Value: int(errlog.Warn)},
	{Word: "error", Value: int(errlog.Error)},
}

func register(b *httpd.Builder, m *conf.Module) {
	x := &module{b: b, zones: zone.NewSet[count](name, entrySize)}
	b.Vars.Define("limit_conn_status", httpd.Var{NoCache: true, Get: func(*httpd.Request, string) ([]byte, bool) {
		return nil, false // see settings.note
	}})
	x.status = b.Vars.Index("limit_conn_status")
	m.Directive("limit_conn_zone", x.addZone)
	bind := func(c *settings, t *conf.Table) {
		t.Func("limit_conn", func(cmd *conf.Cmd) error { return c.add(cmd) })
		t.Enum("limit_conn_log_level", &c.level, levels)
		t.Int("limit_conn_status", &c.status, 400, 599)
		t.Flag("limit_conn_dry_run", &c.dryRun)
	}
	section := conf.NewSection(m, settings{module: x, level: int(errlog.Error), status: int(httpd.StatusUnavailable)}, bind)
	b.Loader.AtEnd(func() error { return x.zones.Complete("limit_conn_zone", b.Env.Carry) })
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.limits.Items) > 0 {
			p.PreAccess(c.check)
		}
	})
}

// addZone reads limit_conn_zone.
func (x *module) addZone(cmd *conf.Cmd) error {
	key, err := x.b.Value(cmd, 0)
	if err != nil {
		return err
	}
	_, err = x.zones.Declare(cmd, key, func(string) (bool, error) { return false, nil })
	return err
}

// maxConns is the largest limit.
const maxConns = 65535

// add reads limit_conn.
func (c *settings) add(cmd *conf.Cmd) error {
	z, err := c.module.zones.Named(cmd, cmd.Arg(0))
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

// The values of $limit_conn_status.
var (
	passed         = []byte("PASSED")
	rejected       = []byte("REJECTED")
	rejectedDryRun = []byte("REJECTED_DRY_RUN")
)

// note makes a text the value of $limit_conn_status, also after an internal
// redirect and for subrequests. A client's request is limited once.
func (c *settings) note(r *httpd.Request, text []byte) { r.Main().StoreVar(c.module.status, text) }
