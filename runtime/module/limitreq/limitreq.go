package limitreq

import (
	"math"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

const name = "ngx_http_limit_req_module"

// Module is ngx_http_limit_req_module.
func Module() httpd.Module { return httpd.Module{Name: name, Register: register} }

// settings are the directives of a block.
type settings struct {
	module *module
	limits conf.List[*limit]
	level  int // errlog.Level of refusals
	status int
	dryRun bool
}

// limit is one limit_req.
type limit struct {
	zone         *zone.Zone[bucket]
	burst, delay int64 // in thousandths of a request
}

// module is the state of one load.
type module struct {
	b      *httpd.Builder
	zones  *zone.Set[bucket]
	status int // number of $limit_req_status
}

var levels = []conf.Choice{
	{Word: "info", Value: int(errlog.Info)},
	{Word: "notice", Value: int(errlog.Notice)},
	{Word: "warn", Value: int(errlog.Warn)},
	{Word: "error", Value: int(errlog.Error)},
}

func register(b *httpd.Builder, m *conf.Module) {
	x := &module{b: b, zones: zone.NewSet[bucket](name, bucketSize)}
	b.Vars.Define("limit_req_status", httpd.Var{NoCache: true, Get: func(*httpd.Request, string) ([]byte, bool) {
		return nil, false // see settings.note
	}})
	x.status = b.Vars.Index("limit_req_status")
	m.Directive("limit_req_zone", x.addZone)
	bind := func(c *settings, t *conf.Table) {
		t.Func("limit_req", func(cmd *conf.Cmd) error { return c.add(cmd) })
		t.Enum("limit_req_log_level", &c.level, levels)
		t.Int("limit_req_status", &c.status, 400, 599)
		t.Flag("limit_req_dry_run", &c.dryRun)
	}
	section := conf.NewSection(m, settings{module: x, level: int(errlog.Error), status: int(httpd.StatusUnavailable)}, bind)
	b.Loader.AtEnd(func() error { return x.zones.Complete("limit_req", b.Env.Carry) })
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.limits.Items) > 0 {
			p.PreAccess(c.check)
		}
	})
}

// addZone reads limit_req_zone.
func (x *module) addZone(cmd *conf.Cmd) error {
	key, err := x.b.Value(cmd, 0)
	if err != nil {
		return err
	}
	rate := int64(1000)
	z, err := x.zones.Declare(cmd, key, func(text string) (known bool, err error) {
		if !strings.HasPrefix(text, "rate=") {
			return false, nil
		}
		var ok bool
		if rate, ok = parseRate(text); !ok {
			return true, cmd.Errorf(`invalid rate "%s"`, text)
		}
		return true, nil
	})
	if err == nil {
		z.Rate = rate
	}
	return err
}

// parseRate reads rate=10r/s or rate=10r/m.
func parseRate(param string) (rate int64, ok bool) {
	text, scale := strings.TrimPrefix(param, "rate="), 1
	if s, found := strings.CutSuffix(text, "r/s"); found {
		text = s
	} else if s, found := strings.CutSuffix(text, "r/m"); found {
		text, scale = s, 60
	}
	n, ok := conf.ParseInt(text)
	return int64(n) * 1000 / int64(scale), ok && n > 0
}

// add reads limit_req.
func (c *settings) add(cmd *conf.Cmd) error {
	l := &limit{}
	for _, a := range cmd.Args {
		param, text, _ := strings.Cut(a.Value, "=")
		var err error
		switch {
		case strings.HasPrefix(a.Value, "zone="):
			l.zone, err = c.module.zones.Named(cmd, text)
		case strings.HasPrefix(a.Value, "burst="):
			l.burst, err = positive(cmd, param, a.Value, text)
		case strings.HasPrefix(a.Value, "delay="):
			l.delay, err = positive(cmd, param, a.Value, text)
		case a.Value == "nodelay":
			l.delay = math.MaxInt64
		default:
			err = cmd.Errorf(`invalid parameter "%s"`, a.Value)
		}
		if err != nil {
			return err
		}
	}
	if l.zone == nil {
		return cmd.Errorf(`"%s" must have "zone" parameter`, cmd.Name.Value)
	}
	if c.limits.SetAt(cmd.Block) {
		for _, other := range c.limits.Items {
			if other.zone == l.zone {
				return cmd.Bad("is duplicate")
			}
		}
	}
	c.limits.Add(cmd.Block, l)
	return nil
}

// positive reads a number of requests, as thousandths.
func positive(cmd *conf.Cmd, param, whole, text string) (int64, error) {
	n, ok := conf.ParseInt(text)
	if !ok || n == 0 {
		return 0, cmd.Errorf(`invalid %s value "%s"`, param, whole)
	}
	return int64(n) * 1000, nil
}

// The values of $limit_req_status.
var (
	passed         = []byte("PASSED")
	delayed        = []byte("DELAYED")
	rejected       = []byte("REJECTED")
	delayedDryRun  = []byte("DELAYED_DRY_RUN")
	rejectedDryRun = []byte("REJECTED_DRY_RUN")
)

// note makes a text the value of $limit_req_status, also after an internal
// redirect and for subrequests. A client's request is limited once.
func (c *settings) note(r *httpd.Request, text []byte) { r.Main().StoreVar(c.module.status, text) }

// maxKey is the longest key.
const maxKey = 65535

// inline is for how many limits of a location no memory is allocated.
const inline = 8

// check counts a request, delays or refuses it.
func (c *settings) check(r *httpd.Request) httpd.Result {
	if _, done := r.Main().Lookup(c.module.status); done {
		return httpd.Declined
	}
	now := clock.Mono() / 1e6
	var room [inline]*entry
	entries := room[:0]
	v, excess := verdict(0), int64(0)
	var last *limit
	found := false
	for i, l := range c.limits.Items {
		entries = append(entries, nil)
		key := l.zone.Key.Eval(r)
		if len(key) == 0 {
			continue
		}
		if len(key) > maxKey {
			r.Errorf(nil, `the value of the "%s" key is more than %d bytes: "%s"`, l.zone.Key.Text(), maxKey, key)
			continue
		}
		found, last = true, l
		if v, excess, entries[i] = l.look(key, now, i == len(c.limits.Items)-1); v != pending {
			break
		}
	}
	switch {
	case !found:
		return httpd.Declined
	case v == exceeded || v == noMemory:
		return c.reject(r, last, v, excess, entries)
	case v == pending:
		excess = 0
	}
	return c.account(r, last, excess, entries, now)
}

// reject refuses a request.
func (c *settings) reject(r *httpd.Request, l *limit, v verdict, excess int64, entries []*entry) httpd.Result {
	if v == noMemory {
		r.Logf(errlog.Alert, nil, `could not allocate node in limit_req zone "%s"`, l.zone.Name)
	} else {
		r.Logf(errlog.Level(c.level), nil, `limiting requests%s, excess: %d.%03d by zone "%s"`,
			c.dry(), excess/1000, excess%1000, l.zone.Name)
	}
	for i, e := range entries {
		if e != nil {
			c.limits.Items[i].drop(e)
		}
	}
	if c.dryRun {
		c.note(r, rejectedDryRun)
		return httpd.Declined
	}
	c.note(r, rejected)
	return httpd.Result(c.status)
}

// account counts a request in all its zones and delays it as the slowest asks.
func (c *settings) account(r *httpd.Request, slowest *limit, excess int64, entries []*entry, now int64) httpd.Result {
	wait := slowest.wait(excess)
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i] == nil {
			continue
		}
		l := c.limits.Items[i]
		more := l.settle(entries[i], now)
		if w := l.wait(more); w > wait {
			wait, excess, slowest = w, more, l
		}
	}
	if wait == 0 {
		c.note(r, passed)
		return httpd.Declined
	}
	level := errlog.Level(min(c.level+1, int(errlog.Info)))
	r.Logf(level, nil, `delaying request%s, excess: %d.%03d, by zone "%s"`, c.dry(), excess/1000, excess%1000, slowest.zone.Name)
	if c.dryRun {
		c.note(r, delayedDryRun)
		return httpd.Declined
	}
	c.note(r, delayed)
	r.Sleep(wait)
	if r.Failed() {
		return httpd.Error
	}
	return httpd.Declined
}

func (c *settings) dry() string {
	if c.dryRun {
		return ", dry run"
	}
	return ""
}
