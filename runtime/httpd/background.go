package httpd

import (
	"os"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// backgroundOrder is how long a background request waits for the one before it,
// so that several of one request run in their order unless one takes its time.
const backgroundOrder = 10 * time.Millisecond

// Background runs the locations that uris belong to beside the request, each
// on a goroutine of its own, with the request's arguments and method; what they
// answer is dropped. body gives them the request body, which must have been
// read. They hold no memory of r and may outlive it and its connection; the
// Instance waits for them when it quits. Where maxBeside of them work for the connection
// r waits.
func (r *Request) Background(uris [][]byte, body bool) {
	var before chan struct{}
	for _, uri := range uris {
		r.beside(true)
		m := r.detach(body)
		if m == nil {
			return
		}
		done := make(chan struct{})
		go m.runBackground(uri, r.Method, m.dup(r.MethodStr), before, done)
		before = done
	}
}

// runBackground runs a subrequest of r, a copy that detach made, with a method, and gives r back.
func (r *Request) runBackground(uri []byte, method h1.Method, methodStr []byte, before, done chan struct{}) {
	defer close(done)
	if before != nil {
		t := time.NewTimer(backgroundOrder)
		select {
		case <-before:
		case <-t.C:
		}
		t.Stop()
	}
	r.step(func() { r.runChild(uri, method, methodStr) })
	r.endCopy()
}

// endCopy gives back r, a copy that detach made, with its carrier.
func (r *Request) endCopy() {
	n := r.carrier.(*backgroundCarrier)
	crashed := true // unless its release comes to its end
	r.step(func() {
		failed := r.Proto.Crashed
		r.Release()
		crashed = failed
	})
	n.end(crashed)
}

func (r *Request) runChild(uri []byte, method h1.Method, methodStr []byte) {
	s := r.child(uri, r.Args, SubOptions{Background: true, HeaderOnly: true, KeepMethod: true})
	s.Method, s.MethodStr = method, methodStr
	defer s.Release()
	defer s.Recovered()
	s.Finalize(s.phases(atServer))
	if s.loc.Core.LogSubrequest {
		s.LogRequest()
	}
}

// detach returns a copy of a main request that shares nothing with it but the
// configuration: it has its own memory and a backgroundCarrier. It is nil when the
// body cannot be copied. The caller has called beside. Where r is a subrequest the copy has r's URI and place; what
// variables show of the main request (its method, and its URI as sent) is the main request's.
func (r *Request) detach(body bool) *Request {
	n := r.newBackgroundCarrier()
	m := NewRequest(&Origin{
		Config: r.cfg, Client: &n.client, Carrier: n, Listen: r.listen, SNI: r.sni, Verbose: r.verbose,
		Numbers: r.numbers, Live: r.live,
	})
	m.srv, m.loc, m.log, m.debug, m.action = r.srv, r.loc, r.log, r.debug, r.action
	if r.replaced {
		m.SetPeer(r.peer)
	}
	m.Start, m.Proto.Number, m.Proto.Length, m.Proto.Pipelined = r.Start, r.Proto.Number, r.Proto.Length, r.Proto.Pipelined
	m.Method, m.MethodStr, m.Version = r.main.Method, m.dup(r.main.MethodStr), r.Version
	m.Line = r.Line
	for _, p := range []*[]byte{
		&m.Line.Line, &m.Line.Method, &m.Line.Target, &m.Line.Path, &m.Line.Args, &m.Line.Ext, &m.Line.Schema, &m.Line.Host,
		&m.Line.Protocol,
	} {
		*p = m.dup(*p)
	}
	m.URI, m.Args, m.Unparsed = m.dup(r.URI), m.dup(r.Args), m.dup(r.main.Unparsed)
	m.Proto.Host, m.Proto.Port, m.id = m.dup(r.Proto.Host), r.Proto.Port, m.dup(r.id)
	m.captures = append(m.captures[:0], r.captures...)
	m.captureData = m.dup(r.captureData)
	list := m.In.List
	m.In = r.In
	m.In.List = list
	for i := range r.In.List {
		f := r.In.List[i]
		m.In.List = append(m.In.List, h1.Field{Name: m.dup(f.Name), Value: m.dup(f.Value), ID: f.ID})
	}
	for i := range r.vars {
		m.vars[i] = varValue{b: m.dup(r.vars[i].b), state: r.vars[i].state}
	}
	m.Body = Body{Read: true, Done: true}
	if body && !m.takeBody(&r.Body) {
		m.Release()
		n.end(false)
		return nil
	}
	return m
}

// dup copies b into the request's memory; nil stays nil.
func (r *Request) dup(b []byte) []byte {
	if b == nil {
		return nil
	}
	return r.Copy(b)
}

// takeBody copies a body that was read. A file is opened anew: its name may be
// gone when the owner ends, the contents are not.
func (r *Request) takeBody(b *Body) bool {
	r.Body.Size = b.Size
	if b.File == nil {
		if b.Mem != nil {
			r.Body.Mem = emptyBody
		}
		if len(b.Mem) > 0 {
			r.Body.store = buf.Sized(len(b.Mem))
			r.Body.Mem = r.Body.store.B[:copy(r.Body.store.B, b.Mem)]
		}
		return true
	}
	f, err := os.Open(b.File.Name())
	if err != nil {
		r.Errorf(err, `open() "%s" failed`, b.File.Name())
		return false
	}
	r.Body.File, r.Body.keepFile = f, true
	return true
}
