package limitreq

import (
	"math"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/limitreq/refusal"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

const name = "ngx_http_limit_req_module"

// Module is ngx_http_limit_req_module.
func Module() httpd.Module { return httpd.Module{Name: name, Register: register} }

// settings are the directives of a block.
type settings struct {
	refusal.Settings
	zones  *zone.Set[bucket]
	limits conf.List[*limit]
}

// limit is one limit_req.
type limit struct {
	zone         *zone.Zone[bucket]
	burst, delay int64 // in thousandths of a request
}

func register(b *httpd.Builder, m *conf.Module) {
	zones := zone.NewSet[bucket](name, bucketSize)
	m.Directive("limit_req_zone", func(cmd *conf.Cmd) error { return addZone(b, zones, cmd) })
	defaults := settings{Settings: refusal.Defaults(refusal.Define(b, "limit_req_status")), zones: zones}
	section := conf.NewSection(m, defaults, func(c *settings, t *conf.Table) {
		t.Func("limit_req", func(cmd *conf.Cmd) error { return c.add(cmd) })
		c.Bind(t, "limit_req")
	})
	b.Loader.AtEnd(func() error {
		err := zones.Complete("limit_req", b.Env.Resources)
		b.Zones().Add("limit_req", zones.Infos())
		return err
	})
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.limits.Items) > 0 {
			p.PreAccess(c.check)
		}
	})
}

// addZone reads limit_req_zone.
func addZone(b *httpd.Builder, zones *zone.Set[bucket], cmd *conf.Cmd) error {
	key, err := b.Value(cmd, 0)
	if err != nil {
		return err
	}
	rate := int64(1000)
	z, err := zones.Declare(cmd, key, func(text string) (known bool, err error) {
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
			l.zone, err = c.zones.Named(cmd, text)
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

// Values of $limit_req_status beside those of package refusal.
var (
	delayed       = []byte("DELAYED")
	delayedDryRun = []byte("DELAYED_DRY_RUN")
)

// maxKey is the longest key.
const maxKey = 65535

// inline is for how many limits of a location no memory is allocated.
const inline = 8

// check counts a request, delays or refuses it.
func (c *settings) check(r *httpd.Request) httpd.Result {
	if c.Known(r) {
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
		key, ok := refusal.Key(r, l.zone.Key, maxKey)
		if !ok {
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
		r.Logf(errlog.Level(c.Level), nil, `limiting requests%s, excess: %d.%03d by zone "%s"`,
			c.dry(), excess/1000, excess%1000, l.zone.Name)
	}
	for i, e := range entries {
		if e != nil {
			c.limits.Items[i].drop(e)
		}
	}
	if c.DryRun {
		l.zone.RejectedDryRun.Add(1)
	} else {
		l.zone.Rejected.Add(1)
	}
	return c.Reject(r)
}

// account counts a request in all its zones and delays it by the longest of their
// delays.
func (c *settings) account(r *httpd.Request, slowest *limit, excess int64, entries []*entry, now int64) httpd.Result {
	last, wait := slowest, slowest.wait(excess)
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
	c.count(entries, last, slowest, wait)
	if wait == 0 {
		c.Pass(r)
		return httpd.Declined
	}
	level := errlog.Level(min(c.Level+1, int(errlog.Info)))
	r.Logf(level, nil, `delaying request%s, excess: %d.%03d, by zone "%s"`, c.dry(), excess/1000, excess%1000, slowest.zone.Name)
	if c.DryRun {
		c.Note(r, delayedDryRun)
		return httpd.Declined
	}
	c.Note(r, delayed)
	r.Sleep(wait)
	if r.Failed() {
		return httpd.Error
	}
	return httpd.Declined
}

// count counts a request in the zones that have let it through, the last of which has
// no entry; the slowest has delayed it if there is a wait.
func (c *settings) count(entries []*entry, last, slowest *limit, wait int64) {
	for i := range entries {
		switch l := c.limits.Items[i]; {
		case l != last && entries[i] == nil:
		case l != slowest || wait == 0:
			l.zone.Passed.Add(1)
		case c.DryRun:
			l.zone.DelayedDryRun.Add(1)
		default:
			l.zone.Delayed.Add(1)
		}
	}
}

func (c *settings) dry() string {
	if c.DryRun {
		return ", dry run"
	}
	return ""
}
