package limitconn

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
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
	zone *area
	most int
}

// area is a zone.
type area struct {
	name  string
	size  int64
	key   *script.Value // nil before limit_conn_zone
	table *table
}

// module is the state of one load.
type module struct {
	b      *httpd.Builder
	zones  map[string]*area
	order  []*area
	status int // number of $limit_conn_status
}

var levels = []conf.Choice{
	{Word: "info", Value: int(errlog.Info)},
	{Word: "notice", Value: int(errlog.Notice)},
	{Word: "warn", Value: int(errlog.Warn)},
	{Word: "error", Value: int(errlog.Error)},
}

func register(b *httpd.Builder, m *conf.Module) {
	x := &module{b: b, zones: map[string]*area{}}
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
	b.Loader.AtEnd(x.complete)
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.limits.Items) > 0 {
			p.PreAccess(c.check)
		}
	})
}

// zone returns the zone of a name, which limit_conn may name before its time.
func (x *module) zone(cmd *conf.Cmd, zoneName string, size int64) (*area, error) {
	if err := cmd.SharedZone(zoneName, size, name); err != nil {
		return nil, err
	}
	z := x.zones[zoneName]
	if z == nil {
		z = &area{name: zoneName}
		x.zones[zoneName] = z
		x.order = append(x.order, z)
	}
	return z, nil
}

// addZone reads limit_conn_zone.
func (x *module) addZone(cmd *conf.Cmd) error {
	key, err := x.b.Value(cmd, 0)
	if err != nil {
		return err
	}
	zoneName, size := "", int64(0)
	for _, a := range cmd.Args[1:] {
		if !strings.HasPrefix(a.Value, "zone=") {
			return cmd.Errorf(`invalid parameter "%s"`, a.Value)
		}
		if zoneName, size, err = zone.ParseParam(cmd, a.Value); err != nil {
			return err
		}
	}
	if zoneName == "" {
		return cmd.Errorf(`"%s" must have "zone" parameter`, cmd.Name.Value)
	}
	z, err := x.zone(cmd, zoneName, size)
	if err != nil {
		return err
	}
	if z.key != nil {
		return cmd.Errorf(`%s "%s" is already bound to key "%s"`, cmd.Name.Value, zoneName, z.key.Text())
	}
	z.key, z.size = key, size
	return nil
}

// maxConns is the largest limit.
const maxConns = 65535

// add reads limit_conn.
func (c *settings) add(cmd *conf.Cmd) error {
	z, err := c.module.zone(cmd, cmd.Arg(0), 0)
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

// kept is a table that goes from one configuration to the next.
type kept struct {
	key   string
	table *table
}

// complete takes the zones of the configuration before this one over.
func (x *module) complete() error {
	for _, z := range x.order {
		if z.key == nil {
			continue // refused later: it has no size
		}
		k, _ := x.b.Env.Carry("limit_conn", conf.Sprintf("%s:%d", z.name, z.size), func() any {
			return &kept{z.key.Text(), zone.New[count](z.size, entrySize)}
		}).(*kept)
		z.table = k.table
		if k.key != z.key.Text() {
			return loadError(conf.Sprintf(`limit_conn_zone "%s" uses the "%s" key while previously it used the "%s" key`,
				z.name, z.key.Text(), k.key))
		}
	}
	return nil
}

// loadError is an error whose text is complete.
type loadError string

func (e loadError) Error() string { return string(e) }

// The values of $limit_conn_status.
var (
	passed         = []byte("PASSED")
	rejected       = []byte("REJECTED")
	rejectedDryRun = []byte("REJECTED_DRY_RUN")
)

// note makes a text the value of $limit_conn_status, also after an internal
// redirect and for subrequests. A client's request is limited once.
func (c *settings) note(r *httpd.Request, text []byte) { r.Main().StoreVar(c.module.status, text) }
