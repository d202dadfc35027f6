package httpd

import (
	"sync"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

var requests = sync.Pool{New: func() any { return &Request{file: new(openfile.Info)} }}

// Origin is where a main request comes from.
type Origin struct {
	Config  *Config
	Client  *front.Client
	Carrier Carrier
	Listen  *Addr      // the address that the connection came in on
	SNI     *SNIChoice // the server that a handshake has chosen; nil: that of Listen
	Verbose bool       // debug_connection names the client

	Numbers *atomic.Uint64  // see Request.Numbers
	Live    *sync.WaitGroup // of what has to end before the server does
}

// NewRequest takes a main request from the pool, for the server that is known so far. The
// caller calls Serve once the head is read, and then Release.
func NewRequest(o *Origin) *Request {
	r := requests.Get().(*Request)
	r.cfg, r.client, r.carrier, r.listen, r.srv = o.Config, o.Client, o.Carrier, o.Listen, o.Listen.Default
	if o.SNI != nil {
		r.srv = o.SNI.Server
	}
	r.loc = r.srv.Root
	r.sni, r.numbers, r.live, r.verbose = o.SNI, o.Numbers, o.Live, o.Verbose
	r.main = r
	r.setLog(r.loc.Log)
	r.prepare()
	r.makeVars()
	return r
}

// prepare sets the fields that do not begin as zero.
func (r *Request) prepare() {
	r.Version = 1000 // until the request line says otherwise
	r.In.ContentLength = -1
	r.Out.ContentLength, r.Out.LastModified = -1, -1
	r.uriChanges = uriChangeLimit
	r.validLocation, r.Proto.ValidUnparsed = true, true
	if n := r.cfg.slots; cap(r.ctx) < n {
		r.ctx = make([]any, n)
	} else {
		r.ctx = r.ctx[:n]
	}
}

// makeVars makes room for the variables of a main request.
func (r *Request) makeVars() {
	if n := len(r.cfg.vars); cap(r.vars) < n {
		r.vars = make([]varValue, n)
	} else {
		r.vars = r.vars[:n]
	}
}

// Serve answers a main request and logs it; rc is the result of reading its head. The caller
// releases the request. A panic ends the request: with 500 where nothing has been sent, else
// the response breaks off. False: Finish or the log phase has panicked, too. Then the request
// is abandoned instead of released, and nothing of its connection is used again.
func (r *Request) Serve(rc Result) (ended bool) {
	if !r.Proto.Crashed {
		r.answer(rc)
	}
	if r.Proto.Crashed {
		r.failCrashed()
	}
	defer r.Recovered()
	r.carrier.Finish(r)
	r.LogRequest()
	return true
}

// answer runs the request and sends its response. It stops a panic.
func (r *Request) answer(rc Result) {
	defer r.Recovered()
	if rc == OK {
		rc = r.Begin()
	}
	r.Finalize(rc)
	r.disband()
	r.postAction()
}

// Begin decides about keep-alive and runs the phases.
func (r *Request) Begin() Result {
	if r.Method != h1.Connect {
		switch r.In.Conn {
		case h1.ConnectionUnset:
			r.Proto.Keepalive = r.Version > 1000
		case h1.ConnectionKeepAlive:
			r.Proto.Keepalive = true
		}
	}
	r.Proto.Lingering = r.In.ContentLength > 0 || r.In.Chunked
	r.main.action = ""
	return r.phases(atStart)
}

// Logged reports whether the log phase has begun.
func (r *Request) Logged() bool { return r.logged }

// LogRequest runs the log phase once.
//
//go:noinline
func (r *Request) LogRequest() {
	if r.logged {
		return
	}
	r.logged = true
	action := r.main.action
	if r.parent == nil { // else the request around it goes on with what it was doing
		r.main.action = "logging request"
	}
	if r.Debugging() {
		r.Debugf("http log handler")
	}
	for _, h := range r.loc.Plan.log {
		h(r)
	}
	r.main.action = action // of a lingering close, which nginx logs before the request
}

// Release ends a main request or a subrequest that is finished, and gives back all it
// holds. Neither the request nor values that came from it may be used afterwards.
func (r *Request) Release() {
	if r.main.Proto.Crashed {
		r.Abandon()
		return
	}
	r.dropFilters()
	for i, e := range r.ends {
		e.End()
		r.ends[i] = nil
	}
	if r.upstream != nil {
		r.upstream.Close(r)
	}
	r.Body.release(r)
	if r.capture != nil && r.capture.b != nil {
		r.capture.b.Free()
	}
	if r.fileUsed {
		r.file.Close()
	}
	for i, b := range r.Proto.Bufs {
		b.Free()
		r.Proto.Bufs[i] = nil
	}
	r.arena.Reset()
	r.In.Reset()
	r.Out.Reset()
	if r.parent != nil {
		r.vars = r.ownVars
	}
	clear(r.vars)
	clear(r.ctx)
	// What has memory worth keeping stays; one by one, since a literal of the
	// whole would be made beside r and copied over it.
	file, in, outList, outTrailers := r.file, r.In, r.Out.List, r.Out.Trailers
	vars, ctx, captures := r.vars[:0], r.ctx[:0], r.captures[:0]
	filters, ends, bufs, arena := r.filters[:0], r.ends[:0], r.Proto.Bufs[:0], r.arena
	*r = Request{}
	r.file, r.In, r.Out.List, r.Out.Trailers = file, in, outList, outTrailers
	r.vars, r.ctx, r.captures = vars, ctx, captures
	r.filters, r.ends, r.Proto.Bufs, r.arena = filters, ends, bufs, arena
	requests.Put(r)
}
