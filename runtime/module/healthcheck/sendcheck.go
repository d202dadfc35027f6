package healthcheck

import (
	"net/netip"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// send sends a request to the peer and tests the response. conn is a connection that
// was kept, kept is one to be kept. A panic is a check that has failed.
func (t *task) send(r *httpd.Request, conn *upstream.Conn) (kept *upstream.Conn, ok bool) {
	defer r.Caught(func() { kept, ok = nil, false })
	spec := pass.ProbeSpec{Group: t.g.peers, Addr: t.address(), Conn: conn, Body: t.c.match.limit(), Keep: t.c.keep > 0}
	if c := t.c.grpc; c != nil {
		spec.Body = grpcLimit
		x := t.c.prober.(pass.MessageProber).ProbeMessage(r, c.message)
		body, kept, ok := x.Probe(&spec)
		return kept, ok && c.test(r, &x.Response, body)
	}
	x := t.c.prober.Probe(r)
	body, kept, ok := x.Probe(&spec)
	if !ok {
		return kept, false
	}
	ok, what := t.c.match.test(r, &x.Response, body)
	r.Action(what)
	return kept, ok
}

// address is where the peer is asked.
func (t *task) address() netaddr.Addr {
	if t.c.port == 0 || t.p.addr.IsUnix() {
		return t.p.addr
	}
	return netaddr.AddrFrom(netip.AddrPortFrom(t.p.addr.IP(), uint16(t.c.port)))
}

// LogFields implements errlog.Context: what lines about the check say behind what was
// being done.
func (t *task) LogFields(f *errlog.Fields) {
	f.Check([]byte(t.c.name), t.p.name, []byte(t.g.name))
}

// report logs that the state of the peer has changed.
func report(r *httpd.Request, h upstream.Health) {
	switch h {
	case upstream.Unhealthy:
		r.Logf(errlog.Warn, nil, "peer is unhealthy")
	case upstream.Healthy:
		r.Logf(errlog.Notice, nil, "peer is healthy")
	}
}
