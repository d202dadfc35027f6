package api

import (
	"github.com/sluiceproxy/sluice/runtime/httpd"
	zones "github.com/sluiceproxy/sluice/runtime/zone"
)

// endpoints and httpEndpoints are what there is.
var (
	endpoints     = []string{"nginx", "processes", "connections", "slabs", "http", "ssl", "workers"}
	httpEndpoints = []string{
		"requests", "server_zones", "location_zones", "caches", "limit_conns", "limit_reqs", "upstreams", "keyvals",
	}
)

// route answers for a path behind the version.
func (c *call) route() (any, httpd.Result, *problem) {
	if len(c.path) == 0 {
		return c.get(endpoints, nil)
	}
	first, rest := c.path[0], c.path[1:]
	switch {
	case first == "http":
		return c.http(rest)
	case first == "slabs":
		return c.named(rest, c.slabs(), errSlab, func(int) {})
	case first == "workers" && len(rest) > 0:
		return c.workers(rest)
	case len(rest) > 0:
		return nil, 0, errPath
	}
	p, stats := c.process, c.stats
	switch first {
	case "nginx":
		return c.get(c.fields.of(p.nginx(c.r)), nil)
	case "processes":
		return c.reset(p.processes(stats), func() { p.resetProcesses(stats) })
	case "connections":
		return c.reset(c.fields.of(p.connections(stats)), func() { p.resetConnections(stats) })
	case "ssl":
		return c.reset(c.fields.of(p.ssl(stats)), func() { p.resetSSL(stats) })
	case "workers":
		return c.workers(rest)
	}
	return nil, 0, errPath
}

// http answers for a path behind /http.
func (c *call) http(path []string) (any, httpd.Result, *problem) {
	if len(path) == 0 {
		return c.get(httpEndpoints, nil)
	}
	first, rest := path[0], path[1:]
	p, stats := c.process, c.stats
	switch first {
	case "requests":
		if len(rest) > 0 {
			return nil, 0, errPath
		}
		return c.reset(c.fields.of(p.requests(stats)), func() { p.resetRequests(stats) })
	case "server_zones":
		return c.statusZones(rest, c.servers, true)
	case "location_zones":
		return c.statusZones(rest, c.locations, false)
	case "caches":
		return c.cacheZones(rest)
	case "limit_reqs":
		return c.limits(rest, "limit_req", errLimitReq)
	case "limit_conns":
		return c.limits(rest, "limit_conn", errLimitConn)
	case "upstreams":
		return c.upstreams(rest)
	case "keyvals":
		return c.keyvals(rest)
	}
	return nil, 0, errPath
}

// named answers for a collection, or for one object of it, which DELETE resets.
func (c *call) named(path []string, all collection, missing *problem, reset func(i int)) (any, httpd.Result, *problem) {
	if len(path) == 0 {
		return c.get(c.fields.all(all), nil)
	}
	if len(path) > 1 {
		return nil, 0, errPath
	}
	for i, name := range all.names {
		if name == path[0] {
			v := all.show(i)
			if o, ok := v.(object); ok {
				v = c.fields.of(o)
			}
			return c.reset(v, func() { reset(i) })
		}
	}
	return nil, 0, missing
}

// statusZones answers for the zones of status_zone.
func (c *call) statusZones(path []string, list []*zone, server bool) (any, httpd.Result, *problem) {
	all := collection{show: func(i int) any { return list[i].show(server) }}
	missing := errLocation
	if server {
		missing = errServerZone
	}
	for _, z := range list {
		all.names = append(all.names, z.name)
	}
	return c.named(path, all, missing, func(i int) { list[i].reset() })
}

// limits answers for the zones of limit_req or limit_conn.
func (c *call) limits(path []string, kind string, missing *problem) (any, httpd.Result, *problem) {
	list := c.zones.Of(kind)
	all := collection{show: func(i int) any {
		o, n := object{}, list[i].Outcomes
		o.add("passed", n.Passed.Load())
		if kind == "limit_req" {
			o.add("delayed", n.Delayed.Load())
		}
		o.add("rejected", n.Rejected.Load())
		if kind == "limit_req" {
			o.add("delayed_dry_run", n.DelayedDryRun.Load())
		}
		o.add("rejected_dry_run", n.RejectedDryRun.Load())
		return o
	}}
	for _, z := range list {
		all.names = append(all.names, z.Name)
	}
	return c.named(path, all, missing, func(i int) { list[i].Outcomes.Reset() })
}

// slabs are the zones whose room is counted.
func (c *call) slabs() collection {
	var list []zones.Info
	for _, kind := range []string{"limit_req", "limit_conn", "keyval"} {
		list = append(list, c.zones.Of(kind)...)
	}
	all := collection{show: func(i int) any {
		used, free := list[i].Pages()
		return object{{"pages", object{{"used", used}, {"free", free}}}, {"slots", object{}}}
	}}
	for _, z := range list {
		all.names = append(all.names, z.Name)
	}
	return all
}

// workers answers for the one worker that there is.
func (c *call) workers(path []string) (any, httpd.Result, *problem) {
	p, stats := c.process, c.stats
	if len(path) == 0 {
		return c.reset([]any{c.fields.of(p.worker(stats))}, func() { p.resetWorker(stats) })
	}
	if len(path) > 1 || path[0] != "0" {
		return nil, 0, errWorker
	}
	return c.reset(c.fields.of(p.worker(stats)), func() { p.resetWorker(stats) })
}
