package ranges

import (
	"bytes"
	"errors"
	"strconv"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_range_header_filter_module: it decides whether a response is
// cut. It stands behind [BodyModule] in the module list.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_range_filter_module", Register: register}
}

// BodyModule is ngx_http_range_body_filter_module: the place at which a response
// is cut, before any other filter changes the body.
func BodyModule() httpd.Module {
	return httpd.Module{Name: "ngx_http_range_body_filter_module", Register: func(b *httpd.Builder, _ *conf.Module) {
		s := sharedOf(b)
		s.place, s.slot = b.FilterPlace(), b.Slot()
	}}
}

// shared is what the two modules share; its type is the key.
type shared struct {
	place httpd.FilterPlace
	slot  int // of the cutter of a main request
}

func sharedOf(b *httpd.Builder) *shared {
	s, _ := b.Shared(shared{}, func() any { return new(shared) }).(*shared)
	return s
}

func register(b *httpd.Builder, _ *conf.Module) {
	s := sharedOf(b)
	b.Plan(func(p *httpd.Plan) {
		if p.Core.MaxRanges != 0 {
			p.HeaderFilter(s.header)
		}
	})
}

var (
	acceptRanges = []byte("Accept-Ranges")
	contentRange = []byte("Content-Range")
	unit         = []byte("bytes")
)

const unitPrefix = "bytes="

// header decides whether the response is cut.
func (s *shared) header(r *httpd.Request) httpd.Result {
	if r.SubrequestRanges() && r.Parent() != nil {
		s.subrequest(r)
		return httpd.OK
	}
	o := &r.Out
	allowed, single := r.RangesAllowed()
	if r.Version < 1000 || o.Status != 200 || r.Parent() != nil || o.ContentLength == -1 || !allowed {
		return httpd.OK
	}
	v := r.In.Get(h1.Range)
	if len(v) < len(unitPrefix)+1 || !h1.EqualFold(v[:len(unitPrefix)], unitPrefix) || !current(r) {
		o.Add(h1.AcceptRanges, acceptRanges, unit)
		return httpd.OK
	}
	limit := r.Core().MaxRanges
	if single {
		limit = 1
	}
	f := cutters.Get().(*cutter)
	var found verdict
	f.spans, found = parse(f.spans[:0], v[len(unitPrefix):], o.ContentLength, limit)
	if found == satisfiable {
		f.offset = o.ContentOffset
		o.Status, o.StatusLine = 206, nil
		if len(f.spans) == 1 {
			f.single(r)
		} else {
			f.multiple(r, r.Numbers().Add(1))
		}
		o.Remove(h1.ContentLength)
		r.AddBodyFilter(s.place, f, false)
		if r.SubrequestRanges() {
			*r.Ctx(s.slot) = f
		}
		return httpd.OK
	}
	cutters.Put(f)
	if found == ignored {
		o.Add(h1.AcceptRanges, acceptRanges, unit)
		return httpd.OK
	}
	return refuse(r)
}

// subrequest cuts the range of the main request out of a subrequest that is a part of it.
func (s *shared) subrequest(r *httpd.Request) {
	if of, ok := (*r.Main().Ctx(s.slot)).(*cutter); ok {
		f := cutters.Get().(*cutter)
		f.spans, f.offset = append(f.spans[:0], of.spans...), r.Out.ContentOffset
		r.AddBodyFilter(s.place, f, false)
	}
}

// current judges If-Range: the client's copy must be of this very response.
func current(r *httpd.Request) bool {
	if !r.In.Has(h1.IfRange) {
		return true
	}
	v := r.In.Get(h1.IfRange)
	if n := len(v); n >= 2 && v[n-1] == '"' {
		etag := r.Out.Find(h1.ETag)
		return etag != nil && bytes.Equal(v, etag.Value)
	}
	if r.Out.LastModified == -1 {
		return false
	}
	unix, ok := h1.ParseHTTPDate(v)
	return ok && unix == r.Out.LastModified
}

// refuse makes the response a 416 with the length.
func refuse(r *httpd.Request) httpd.Result {
	o := &r.Out
	o.Status = int(httpd.StatusRangeNotSatisfiable)
	v := append(r.Alloc(32)[:0], "bytes */"...)
	v = strconv.AppendInt(v, o.ContentLength, 10)
	o.Remove(h1.ContentRange)
	o.Add(h1.ContentRange, contentRange, v)
	o.ClearContentLength()
	o.Remove(h1.ContentLength)
	return httpd.StatusRangeNotSatisfiable
}

// cutter is the body filter of one request.
type cutter struct {
	spans    []span
	offset   int64 // of the next piece in the whole body
	total    int64 // length of the whole body
	boundary []byte
	out      httpd.Out
}

var cutters = sync.Pool{New: func() any { return new(cutter) }}

// Close implements httpd.BodyFilter.
func (f *cutter) Close(*httpd.Request) {
	*f = cutter{spans: f.spans[:0]}
	cutters.Put(f)
}

// single turns the header into that of one range.
func (f *cutter) single(r *httpd.Request) {
	o, s := &r.Out, f.spans[0]
	v := append(r.Alloc(80)[:0], "bytes "...)
	o.Remove(h1.ContentRange)
	o.Add(h1.ContentRange, contentRange, s.append(v, o.ContentLength))
	o.ContentLength = s.end - s.start
	o.ContentOffset = s.start
}

// append appends "first-last/total".
func (s span) append(dst []byte, total int64) []byte {
	dst = strconv.AppendInt(dst, s.start, 10)
	dst = append(dst, '-')
	dst = strconv.AppendInt(dst, s.end-1, 10)
	dst = append(dst, '/')
	return strconv.AppendInt(dst, total, 10)
}

// boundaryDigits is the length of a boundary.
const boundaryDigits = 20

// multiple turns the header into that of a multipart body.
func (f *cutter) multiple(r *httpd.Request, number uint64) {
	o := &r.Out
	f.total = o.ContentLength
	var digits [boundaryDigits]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + number%10)
		number /= 10
	}
	b := append(r.Alloc(len(o.ContentType) + len(o.Charset) + 96)[:0], "\r\n--"...)
	b = append(b, digits[:]...)
	if len(o.ContentType) > 0 {
		b = append(b, "\r\nContent-Type: "...)
		b = append(b, o.ContentType...)
		if o.CharsetSet && len(o.Charset) > 0 {
			b = append(b, "; charset="...)
			b = append(b, o.Charset...)
		}
	}
	f.boundary = append(b, "\r\nContent-Range: bytes "...)
	o.ContentType = append(append(r.Alloc(64)[:0], "multipart/byteranges; boundary="...), digits[:]...)
	o.Charset = nil
	length := int64(len("\r\n--") + boundaryDigits + len("--\r\n"))
	for _, s := range f.spans {
		var text [64]byte
		part := len(f.boundary) + len(s.append(text[:0], f.total)) + len("\r\n\r\n")
		length += int64(part) + s.end - s.start
	}
	o.ContentLength = length
	o.Remove(h1.ContentRange)
}

// Filter implements httpd.BodyFilter.
func (f *cutter) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	if len(f.spans) == 1 {
		return f.cut(r, o, next)
	}
	if o.Size() == 0 {
		return r.Next(next, o)
	}
	return f.parts(r, o, next)
}

// cut passes on what of a piece lies in the single range.
func (f *cutter) cut(r *httpd.Request, o *httpd.Out, next int) error {
	s := f.spans[0]
	start, last := f.offset, f.offset+o.Size()
	f.offset = last
	if start == last {
		if s.end <= start {
			return nil
		}
		return r.Next(next, o)
	}
	if s.end <= start || s.start >= last {
		return nil
	}
	f.take(o, max(s.start-start, 0), min(s.end, last)-start)
	if s.end <= last {
		f.out.Last = true
	}
	return r.Next(next, &f.out)
}

// take makes f.out the bytes from up to to of a piece.
func (f *cutter) take(o *httpd.Out, from, to int64) {
	f.out = *o
	if o.IsFile {
		f.out.Off, f.out.Len = o.Off+from, to-from
		return
	}
	f.out.Mem = o.Mem[from:to]
}

// errOverlapped ends a response whose body came in pieces while several ranges
// were promised.
var errOverlapped = errors.New("range in overlapped buffers")

// parts sends the ranges of a body that is there as a whole.
func (f *cutter) parts(r *httpd.Request, o *httpd.Out, next int) error {
	if f.offset != 0 || !o.Last && o.Size() < f.total {
		r.Logf(errlog.Alert, nil, "range in overlapped buffers")
		return errOverlapped
	}
	f.offset = o.Size()
	for _, s := range f.spans {
		head := append(r.Alloc(len(f.boundary) + 72)[:0], f.boundary...)
		head = append(s.append(head, f.total), "\r\n\r\n"...)
		f.out = httpd.Out{Mem: head}
		if err := r.Next(next, &f.out); err != nil {
			return err
		}
		f.take(o, s.start, s.end)
		f.out.Last, f.out.Flush, f.out.Recycled = false, false, false
		if err := r.Next(next, &f.out); err != nil {
			return err
		}
	}
	tail := append(r.Alloc(32)[:0], f.boundary[:len("\r\n--")+boundaryDigits]...)
	f.out = httpd.Out{Mem: append(tail, "--\r\n"...), Last: true}
	return r.Next(next, &f.out)
}
