package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
)

// Out is a piece of a response body on its way through the filters. It is
// valid only during the call: a filter that keeps bytes copies them.
type Out struct {
	Mem      []byte // the bytes, unless IsFile
	IsFile   bool   // a range of the file FD
	FD       int
	Off, Len int64
	Name     []byte // of the file, for error messages

	Last  bool // the response body ends with this piece
	End   bool // its own part of it does, what follows is added: pass on what is held back
	Flush bool // send what is there, do not wait for more
	// Recycled: the bytes are in a buffer that is to be used again, so they leave
	// however few they are. A filter that transforms the body need not give out
	// what it holds back, as it has to for Flush.
	Recycled bool
}

// Size returns the piece's length in bytes.
func (o *Out) Size() int64 {
	if o.IsFile {
		return o.Len
	}
	return int64(len(o.Mem))
}

// BodyFilter is a filter that is active on one request. It passes pieces on
// with r.Next(next, out); the filter itself is pooled by its module and gets
// Close when the request ends.
type BodyFilter interface {
	Filter(r *Request, o *Out, next int) error
	Close(r *Request)
}

type activeFilter struct {
	place FilterPlace
	f     BodyFilter
}

// AddBodyFilter puts f into the request's chain, at its module's place.
// needMemory says that f must see file contents as bytes.
func (r *Request) AddBodyFilter(at FilterPlace, f BodyFilter, needMemory bool) {
	r.filters = append(r.filters, activeFilter{at, f})
	for i := len(r.filters) - 1; i > 0 && r.filters[i-1].place.n > at.n; i-- {
		r.filters[i], r.filters[i-1] = r.filters[i-1], r.filters[i]
	}
	r.needMemory = r.needMemory || needMemory
	r.lateMemory = r.lateMemory || needMemory && at.behindPostpone
}

// MayInclude says that a body filter of the request may include subrequests.
func (r *Request) MayInclude() { r.mayInclude = true }

// dropFilters takes out what the header filters put into the chain for a
// response that was given up since.
func (r *Request) dropFilters() {
	for i := range r.filters {
		r.filters[i].f.Close(r)
		r.filters[i].f = nil
	}
	r.filters, r.needMemory = r.filters[:0], false
	r.lateMemory, r.mayInclude = false, false
}

// NeedMemory reports whether an active filter must see file contents.
func (r *Request) NeedMemory() bool { return r.needMemory || r.main.lateMemory || r.capture != nil }

// Output sends a piece of the body through the filters. The error is final:
// the client is gone.
func (r *Request) Output(o *Out) error {
	if r.Proto.HeaderOnly {
		return nil
	}
	if r.member != nil && o.Size() > 0 {
		r.member.wrote = true
	}
	if o.IsFile && r.NeedMemory() && !r.rangesFirst() {
		return r.readFile(o, 0, (*Request).Next)
	}
	return r.Next(0, o)
}

// rangesFirst reports whether a filter that works on whole files comes before
// the place where contents are read.
func (r *Request) rangesFirst() bool { return len(r.filters) > 0 && !r.filters[0].place.behindCopy }

// Next passes a piece to the i-th filter of the chain, or out of it.
func (r *Request) Next(i int, o *Out) error {
	if r.member != nil && r.capture == nil && r.postponed(i) {
		return r.member.f.output(r, o)
	}
	return r.pass(i, o)
}

// postponed reports whether the output of a member of a family is put into its order
// in front of the i-th filter: what comes behind has gone through that.
func (r *Request) postponed(i int) bool {
	late := func(i int) bool { return r.filters[i].place.behindPostpone }
	return (i == len(r.filters) || late(i)) && (i == 0 || !late(i-1))
}

// pass is Next without regard to families.
func (r *Request) pass(i int, o *Out) error {
	if i < len(r.filters) {
		if o.IsFile && r.filters[i].place.behindCopy {
			return r.readFile(o, i, (*Request).pass)
		}
		return r.filters[i].f.Filter(r, o, i+1)
	}
	switch {
	case r.capture != nil:
		return r.capture.take(r, o)
	case r.parent != nil:
		return nil
	}
	return r.write(o)
}

// readFile turns a file piece into memory pieces for the i-th filter on; next is Next or
// pass.
func (r *Request) readFile(o *Out, i int, next func(r *Request, i int, o *Out) error) error {
	b := buf.Sized(32 << 10)
	defer b.Free()
	off, left := o.Off, o.Len
	piece := Out{}
	for {
		n := min(left, int64(len(b.B)))
		if n > 0 {
			m, err := diskfile.ReadAt(o.FD, b.B[:n], off)
			if int64(m) < n {
				return r.FileFailed(o, err)
			}
		}
		off += n
		left -= n
		piece = Out{Mem: b.B[:n], Last: o.Last && left == 0, Flush: o.Flush && left == 0, Recycled: o.Recycled && left == 0}
		if err := next(r, i, &piece); err != nil || left == 0 {
			return err
		}
	}
}

// Send outputs a single body that is all there is.
func (r *Request) Send(body []byte) error {
	o := r.Piece()
	o.Mem, o.Last = body, true
	return r.Output(o)
}

// Piece returns the request's own Out, empty, for a handler to fill and
// output: one made on the spot would be an allocation.
func (r *Request) Piece() *Out {
	r.piece = Out{}
	return &r.piece
}

// SendHeader runs the header filters and prepares the header for sending; it
// leaves with the first bytes of the body. A code from 300 up means that a
// filter refused the response: return it.
func (r *Request) SendHeader() Result {
	if r.answered {
		return OK
	}
	if r.headerSent {
		r.Logf(levelAlert, nil, "header already sent")
		return Error
	}
	if r.errStatus != 0 {
		r.Out.Status = r.errStatus
		r.Out.StatusLine = nil
	}
	r.dropFilters()
	for _, f := range r.loc.Plan.filters {
		if rc := f(r); rc != OK {
			return rc
		}
	}
	r.headerSent = true
	if r.parent != nil {
		return OK
	}
	return r.carrier.SendHead(r)
}

// SendBody is SendHeader followed by one body, for handlers that have it all.
func (r *Request) SendBody(body []byte) Result {
	r.Out.ContentLength = int64(len(body))
	if rc := r.SendHeader(); rc != OK || r.Proto.HeaderOnly {
		return doneIf(rc)
	}
	if err := r.Send(body); err != nil {
		return Error
	}
	return Done
}

func doneIf(rc Result) Result {
	if rc == OK {
		return Done
	}
	return rc
}

// write is the end of the filter chain: limit_rate, then the client.
func (r *Request) write(o *Out) error {
	switch {
	case r.Proto.Failed:
		return errClientGone
	case r.limitOn():
		return r.writeLimited(o)
	}
	return r.carrier.Write(r, o)
}
