package explain

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/http1"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Explainer is a loaded configuration that requests are asked about. It is for
// one goroutine.
type Explainer struct {
	traced *runtime.Traced
	log    *lines
	rec    *recorder // of the request under way
}

// Load reads the configuration of o, as -t does. The error is nginx's.
func Load(o runtime.Options) (*Explainer, error) {
	x := &Explainer{log: new(lines)}
	out := errlog.Output{Sink: x.log, Threshold: errlog.Threshold{Level: errlog.Info}, File: true}
	traced, err := runtime.Trace(o, &httpd.Tracing{
		Tracer: x, Log: errlog.New(errlog.Config{Outputs: []errlog.Output{out}, PID: 1}),
	})
	if err != nil {
		return nil, err
	}
	x.traced = traced
	return x, nil
}

// Hook implements httpd.Tracer.
func (x *Explainer) Hook(r *httpd.Request, p httpd.Phase, module string, h httpd.Handler) httpd.Result {
	return x.rec.hook(r, p, module, h)
}

// Event implements httpd.Tracer.
func (x *Explainer) Event(r *httpd.Request, e *httpd.Event) { x.rec.event(r, e) }

// Explain runs a request through the configuration. The error is a UsageError.
func (x *Explainer) Explain(q *Question) (*Report, error) {
	p, req, err := q.probe()
	if err != nil {
		return nil, err
	}
	rep := &Report{
		all: q.All, Schema: Schema, Request: *req, Steps: []Step{}, Settings: []Setting{}, Log: []string{}, Notes: []string{},
	}
	if q.To == "" && !isAddress(hostName(req.Host)) {
		x.findLocal(p, rep)
	}
	rep.Request.To = p.LocalAddr.String()
	addr := x.traced.HTTP.At(&p.LocalAddr)
	if addr == nil {
		where := p.LocalAddr.String()
		if p.LocalAddr.IsWildcard() {
			where = fmt.Sprintf("port %d", p.LocalAddr.Port())
		}
		rep.note("nothing listens on %s: the connection is refused", where)
		return rep, nil
	}
	rep.Listen = &Listen{Address: addr.Text(), TLS: addr.SSL, Servers: len(addr.Servers())}
	rec := x.run(p, false)
	rec.sni = p.ServerName
	x.fill(rep, rec, addr, q.All)
	if rec.refused {
		log := rep.Log
		second := x.run(p, true)
		rep.Log = log
		x.attribute(second, &Report{Response: second.response})
		rep.Granted = &Granted{Steps: second.behindAccess(), Handler: second.handler, Response: second.response}
	}
	return rep, nil
}

// run runs the probe once. granted: access is never refused.
func (x *Explainer) run(p *http1.Probe, granted bool) *recorder {
	x.log.reset()
	x.rec = &recorder{x: x, granted: granted}
	head, err := p.Run(x.traced.HTTP)
	x.rec.probeErr = err
	x.rec.finish(head)
	return x.rec
}

// fill takes what the first run found.
func (x *Explainer) fill(rep *Report, rec *recorder, addr *httpd.Addr, all bool) {
	rep.Notes = append(rep.Notes, rec.notes...)
	switch {
	case errors.Is(rec.probeErr, http1.ErrNoTLS):
		rep.note("%s does not speak TLS: the handshake fails", addr.Text())
	case errors.Is(rec.probeErr, front.ErrRejected):
		rep.note("the TLS handshake is rejected: ssl_reject_handshake, or no certificate")
	}
	if addr.ProxyProtocol {
		rep.note("connections to %s have to begin with a PROXY protocol header; its address is not known here", addr.Text())
	}
	if rec.server == nil {
		x.listen(rep.Listen, addr, addr.Default)
		return
	}
	x.listen(rep.Listen, addr, rec.server)
	rep.Server = x.server(addr, rec.server, rec.host, rec.sni)
	if list, _ := x.find(rec.server.Block, "acme_certificate"); addr.SSL && rec.server.Issued != nil && len(list) > 0 {
		rep.note("%s (%s) obtains the certificate; until it is there clients see one that signs itself", statement(list[0].Node), placeText(place(list[0].Node)))
	}
	rep.Steps, rep.Handler, rep.Response = rec.steps, rec.handler, rec.response
	if rep.Steps == nil {
		rep.Steps = []Step{}
	}
	rep.Log = append(rep.Log, x.log.list...)
	if rec.block != nil {
		rep.Location = describeIn(rec.block)
		rep.Settings = x.settings(rec.block, all)
		x.attribute(rec, rep)
		x.locationNotes(rec.block, rep)
	}
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// locationNotes says what follows the answer.
func (x *Explainer) locationNotes(b *conf.Block, rep *Report) {
	if list, _ := x.find(b, "post_action"); len(list) > 0 && list[0].Node.Args[0].Value != "off" {
		rep.note("%s (%s) is run after the answer", statement(list[0].Node), placeText(place(list[0].Node)))
	}
}

// findLocal chooses a socket for a name: the wildcard of the port, else the
// first address that has it.
func (x *Explainer) findLocal(p *http1.Probe, rep *Report) {
	port, n := p.LocalAddr.Port(), 0
	var found *httpd.Addr
	for _, a := range x.traced.HTTP.Addrs {
		at := &a.Spec.Addr
		if at.IsUnix() || at.Port() != port {
			continue
		}
		n++
		if found == nil || at.IsWildcard() && (!found.Spec.Addr.IsWildcard() || at.IP().Is4()) {
			found = a
		}
	}
	if found == nil {
		return
	}
	p.LocalAddr = found.Spec.Addr
	for _, ip := range []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()} {
		local := netaddr.AddrFrom(netip.AddrPortFrom(ip, port))
		if x.traced.HTTP.At(&local) == found {
			p.LocalAddr = local
			break
		}
	}
	if n > 1 {
		rep.note("%d addresses listen on port %d; this is about %s, --to asks about another", n, port, found.Text())
	}
}

// listen says where the socket is configured.
func (x *Explainer) listen(l *Listen, addr *httpd.Addr, s *httpd.Server) {
	if n := s.ListenNode(addr); n != nil {
		l.Directive, l.At = statement(n), place(n)
	}
}

// lines keeps what would be logged: the messages, without time and context.
type lines struct {
	mu   sync.Mutex
	list []string
}

// WriteRecord implements errlog.Sink.
func (l *lines) WriteRecord(lv errlog.Level, rec []byte) {
	if lv == errlog.Notice {
		return // rewrite_log: the steps say it
	}
	text := bytes.TrimRight(rec, "\n")
	if _, after, ok := bytes.Cut(text, []byte("*1 ")); ok {
		text = after
	}
	for _, mark := range []string{" while ", ", client: "} {
		if i := bytes.Index(text, []byte(mark)); i > 0 {
			text = text[:i]
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, "["+lv.String()+"] "+string(text))
}

func (l *lines) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// find returns the directives of one of the names that hold in b: those of the
// nearest block that has any, and which block it is.
func (x *Explainer) find(b *conf.Block, names ...string) (list []conf.Setting, at *conf.Block) {
	for ; b != nil; b = b.Parent {
		for _, s := range x.traced.Loader.Settings(b) {
			for _, n := range names {
				if s.Spec.Name == n {
					list, at = append(list, s), b
				}
			}
		}
		if at != nil {
			return list, at
		}
	}
	return nil, nil
}
