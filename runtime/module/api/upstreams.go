package api

import (
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// upstreams answers for the groups. Only those with a zone are shown, as in nginx.
func (c *call) upstreams(path []string) (any, httpd.Result, *problem) {
	if len(path) == 0 {
		var list []*pass.Upstream
		all := collection{}
		for _, u := range c.ups.Blocks() {
			if u.Zone() != "" {
				list, all.names = append(list, u), append(all.names, u.Host)
			}
		}
		all.show = func(i int) any { return show(list[i]) }
		return c.get(c.fields.all(all), nil)
	}
	u, p := c.upstream(path[0])
	switch {
	case p != nil:
		return nil, 0, p
	case len(path) == 1:
		return c.reset(c.fields.of(show(u)), u.Group().Reset)
	case path[1] != "servers" || len(path) > 3:
		return nil, 0, errPath
	case len(path) == 2:
		return c.serverList(u)
	}
	return c.server(u, path[2])
}

// upstream finds a group.
func (c *call) upstream(name string) (*pass.Upstream, *problem) {
	for _, u := range c.ups.Blocks() {
		if u.Host == name {
			if u.Zone() == "" {
				return nil, errStatic
			}
			return u, nil
		}
	}
	return nil, errUpstream
}

// show shows a group with its peers.
func show(u *pass.Upstream) object {
	s := u.Group().Snapshot()
	peers := make([]object, 0, len(s.Peers))
	for i := range s.Peers {
		peers = append(peers, showPeer(&s.Peers[i]))
	}
	o := object{
		{"peers", peers},
		{"keepalive", u.Kept()},
		{"zombies", s.Zombies},
		{"zone", u.Zone()},
	}
	if s.Queued {
		o.add("queue", object{{"size", s.Queue}, {"max_size", s.QueueMax}, {"overflows", s.Overflows}})
	}
	return o
}

func showPeer(s *upstream.PeerStatus) object {
	o := object{{"id", s.ID}, {"server", s.Name}}
	if s.Service != "" {
		o.add("service", s.Service)
	}
	o.add("name", s.Server)
	o.add("backup", s.Backup)
	o.add("weight", s.Weight)
	o.add("state", s.State)
	o.add("active", s.Active)
	if s.MaxConns > 0 {
		o.add("max_conns", s.MaxConns)
	}
	o.add("requests", s.Requests)
	if s.HeaderTime > 0 || s.ResponseTime > 0 {
		o.add("header_time", s.HeaderTime)
		o.add("response_time", s.ResponseTime)
	}
	total := uint64(0)
	for _, n := range s.Responses[1:] {
		total += n
	}
	o.add("responses", responses(&s.Responses, nil, total))
	o.add("sent", s.Sent)
	o.add("received", s.Received)
	o.add("fails", s.Fails)
	o.add("unavail", s.Unavail)
	checks := object{{"checks", s.Checks}, {"fails", s.ChecksFailed}, {"unhealthy", s.Unhealthy}}
	if s.Checks > 0 {
		checks.add("last_passed", s.LastPassed)
	}
	o.add("health_checks", checks)
	o.add("downtime", s.Downtime)
	if s.DownStart > 0 {
		o.add("downstart", stampOf(s.DownStart))
	}
	if s.Selected > 0 {
		o.add("selected", stampOf(s.Selected))
	}
	return o
}
