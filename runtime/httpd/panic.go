package httpd

import "github.com/sluiceproxy/sluice/runtime/errlog"

// A panic ends one request (docs/adr/0024). The memory of the request may be in any state:
// nothing of it goes back to a pool. What outlives the request is released: counters of
// zones and peers, descriptors, temporary files.

// Recovered is deferred where a request's code runs: it stops a panic, logs it and
// marks the request as crashed.
func (r *Request) Recovered() {
	if p := recover(); p != nil {
		text := errlog.Panic(p)
		r.regain()
		r.crash(text)
	}
}

// crash marks the main request as crashed; text is for the log.
func (r *Request) crash(text string) {
	m := r.main
	m.Proto.Crashed, m.Proto.Keepalive = true, false
	r.Logf(errlog.Alert, nil, "%s", text)
}

// Caught is deferred in goroutines that work for a request beside its own one. It
// stops a panic and logs it; the request then ends as by a failure of its own.
// failed, if not nil, is called then, to release what waits for the goroutine.
func (r *Request) Caught(failed func()) {
	if p := recover(); p != nil {
		r.crash(errlog.Panic(p))
		if failed != nil {
			failed()
		}
	}
}

// failCrashed ends a request that has crashed: with 500 where nothing has been
// sent, else the response breaks off.
func (r *Request) failCrashed() {
	defer r.Recovered()
	if r.member != nil || r.Proto.Failed || r.answered || r.Proto.Sent > int64(r.carrier.Pending()) {
		r.terminate(Error)
		r.disband()
		return
	}
	r.carrier.TakeBack(int(r.Proto.Sent)) // all of it still waits to be sent
	r.Proto.Sent, r.Proto.HeadSize = 0, 0
	r.headerSent, r.Proto.Chunked, r.Proto.HeaderOnly = false, false, false
	r.filters, r.needMemory, r.lateMemory, r.mayInclude = nil, false, false, false
	r.Out.Reset()
	r.Out.ContentLength, r.Out.LastModified = -1, -1
	r.Finalize(StatusInternalServerError)
}

// Abandon is Release for a request that has crashed: it goes back to no pool.
func (r *Request) Abandon() {
	for i := range r.filters {
		r.step(func() { r.filters[i].f.Close(r) })
	}
	for _, e := range r.ends {
		if e != nil {
			r.step(e.End)
		}
	}
	if r.upstream != nil {
		r.step(func() { r.upstream.Close(r) })
	}
	r.step(r.file.Close)
	if r.parent == nil {
		r.step(r.Body.dropFile)
	}
}

// step runs something that ends r or works for it in the background. A panic there
// is logged, and does not keep the caller from what is left to do.
func (r *Request) step(fn func()) {
	defer r.Recovered()
	fn()
}
