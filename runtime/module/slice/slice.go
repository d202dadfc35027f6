package slice

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_slice_filter_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_slice_module", Register: register}
}

// settings are the directives of a block.
type settings struct {
	size int64 // 0: off
}

// module is what one load needs.
type module struct {
	section *conf.Section[settings]
	place   httpd.FilterPlace
	slot    int // of the slices of a request
}

// slices are those of one response. The requests of all slices use it, one after the other.
type slices struct {
	m     *module
	size  int64
	start int64  // where the next slice begins
	end   int64  // where the last one ends
	etag  []byte // of the first one
	begun bool   // the slice that is asked for has a valid header
	want  int64  // bytes of its body that are to come; what stands behind it is sent only where that is 0
	text  []byte // $slice_range of it
	piece httpd.Out
}

func register(b *httpd.Builder, m *conf.Module) {
	mod := &module{place: b.FilterPlace(), slot: b.Slot()}
	mod.section = conf.NewSection(m, settings{}, func(c *settings, t *conf.Table) { t.Size("slice", &c.size) })
	b.Plan(func(p *httpd.Plan) {
		if mod.section.Of(p.Block).size > 0 {
			p.HeaderFilter(mod.header)
		}
	})
	b.Vars.Define("slice_range", httpd.Var{NoCache: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		return mod.rangeOf(r)
	}})
}

// of returns the slices of a request, nil for none.
func (m *module) of(r *httpd.Request) *slices {
	s, _ := (*r.Ctx(m.slot)).(*slices)
	return s
}

// rangeOf is $slice_range. The first use makes the response one of slices.
func (m *module) rangeOf(r *httpd.Request) ([]byte, bool) {
	s := m.of(r)
	if s == nil {
		size := m.section.Of(r.Location().Block).size
		if r.Parent() != nil || r.Out.Status != 0 || size == 0 {
			return nil, false
		}
		s = &slices{m: m, size: size}
		s.start = size * (firstByte(r) / size)
		s.next(r)
		*r.Ctx(m.slot) = s
	}
	return s.text, true
}

// next makes the text of $slice_range for the slice at s.start.
func (s *slices) next(r *httpd.Request) {
	b := append(r.Alloc(64)[:0], "bytes="...)
	b = append(strconv.AppendInt(b, s.start, 10), '-')
	s.text = strconv.AppendInt(b, s.start+s.size-1, 10)
}

// firstByte is where the client's range begins, 0 where that is not known.
func firstByte(r *httpd.Request) int64 {
	v := r.In.Get(h1.Range)
	if len(v) < 7 || !h1.EqualFold(v[:6], "bytes=") || r.In.Has(h1.IfRange) || bytes.IndexByte(v, ',') >= 0 {
		return 0
	}
	n, _, ok := number(bytes.TrimLeft(v[6:], " "))
	if !ok {
		return 0
	}
	return n
}

// number reads the number that v begins with. False: there is none, or it is too large.
func number(v []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for ; i < len(v) && '0' <= v[i] && v[i] <= '9'; i++ {
		d := int64(v[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, nil, false
		}
		n = n*10 + d
	}
	return n, v[i:], i > 0
}

// contentRange is a Content-Range.
type contentRange struct{ start, end, total int64 } // total -1: not given

// parseRange reads a Content-Range: "bytes 0-99/200".
func parseRange(v []byte) (c contentRange, ok bool) {
	v, ok = bytes.CutPrefix(v, []byte("bytes "))
	if !ok {
		return c, false
	}
	trim := func() { v = bytes.TrimLeft(v, " ") }
	sign := func(b byte) bool {
		trim()
		if len(v) == 0 || v[0] != b {
			return false
		}
		v = v[1:]
		trim()
		return true
	}
	trim()
	if c.start, v, ok = number(v); !ok || !sign('-') {
		return c, false
	}
	if c.end, v, ok = number(v); !ok || c.end == math.MaxInt64 || !sign('/') {
		return c, false
	}
	c.end++
	if len(v) > 0 && v[0] == '*' {
		c.total, v = -1, v[1:]
	} else if c.total, v, ok = number(v); !ok {
		return c, false
	}
	trim()
	return c, len(v) == 0
}

// header checks the header of a slice, and makes that of the first one the header of the
// whole response.
func (m *module) header(r *httpd.Request) httpd.Result {
	s := m.of(r)
	if s == nil {
		return httpd.OK
	}
	main := r.Parent() == nil
	o := &r.Out
	if o.Status != 206 {
		if main {
			*r.Ctx(m.slot) = nil
			return httpd.OK
		}
		r.Errorf(nil, "unexpected status code %d in slice response", o.Status)
		return httpd.Error
	}
	var etag []byte
	if h := o.Find(h1.ETag); h != nil {
		etag = h.Value
	}
	if len(s.etag) > 0 && !bytes.Equal(etag, s.etag) {
		r.Errorf(nil, "etag mismatch in slice response")
		return httpd.Error
	}
	if len(etag) > 0 {
		s.etag = r.Copy(etag)
	}
	h := o.Find(h1.ContentRange)
	c, ok := contentRange{}, false
	if h != nil {
		c, ok = parseRange(h.Value)
	}
	end := min(s.start+s.size, c.total)
	switch {
	case !ok:
		r.Errorf(nil, "invalid range in slice response")
		return httpd.Error
	case c.total == -1:
		r.Errorf(nil, "no complete length in slice response")
		return httpd.Error
	case c.start != s.start || c.end != end:
		r.Errorf(nil, "unexpected range in slice response: %d-%d", c.start, c.end)
		return httpd.Error
	}
	s.want = end - s.start
	s.start, s.begun = end, true
	o.Status, o.StatusLine = 200, nil
	o.ContentLength, o.ContentOffset = c.total, c.start
	o.Remove(h1.ContentRange)
	o.Remove(h1.AcceptRanges)
	r.AllowRanges(true)
	r.AllowSubrequestRanges()
	s.end = c.total
	if main {
		r.MayInclude()
	}
	r.AddBodyFilter(m.place, s, false)
	return httpd.OK
}

// Close implements httpd.BodyFilter.
func (s *slices) Close(*httpd.Request) {}

var (
	errRefused = errors.New("slice: subrequest refused") // why is logged
	errMissing = errors.New("missing slice response")
	errLength  = errors.New("slice response with another length than its range")
)

// Filter implements httpd.BodyFilter: behind the first slice come the others. The bytes of each are counted before a range
// is cut out of them.
func (s *slices) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	if s.want -= o.Size(); s.want < 0 {
		return s.wrongLength(r)
	}
	if !o.Last || r.Parent() != nil {
		return r.Next(next, o)
	}
	s.piece = *o
	s.piece.Last, s.piece.End = false, true
	if err := r.Next(next, &s.piece); err != nil {
		return err
	}
	if r.Out.Status == 206 { // the client gets a range, and no slice is needed in front of it or behind
		if s.start+s.size <= r.Out.ContentOffset {
			s.start = s.size * (r.Out.ContentOffset / s.size)
		}
		s.end = r.Out.ContentOffset + r.Out.ContentLength
	}
	end := s.end // the headers of slices set it
	for {
		if s.want > 0 {
			return s.wrongLength(r)
		}
		if s.start >= end {
			break
		}
		if !s.begun {
			r.Errorf(nil, "missing slice response")
			return errMissing
		}
		s.begun = false
		s.next(r)
		sub := r.Include(r.URI, r.Args, httpd.SubOptions{Clone: true, Waited: true})
		if sub == nil {
			return errRefused
		}
		*sub.Ctx(s.m.slot) = s
		r.Await(sub)
		if r.Failed() {
			return errMissing
		}
	}
	*r.Ctx(s.m.slot) = nil // no slice is under way any more: the access log has no $slice_range
	s.piece = httpd.Out{Last: true, Flush: o.Flush, Recycled: o.Recycled}
	return r.Next(next, &s.piece)
}

// wrongLength breaks the response off where a slice is shorter or longer than its range: the bytes behind it would stand in
// the wrong place, and the end of the last one be taken from the next response of the connection.
func (s *slices) wrongLength(r *httpd.Request) error {
	if s.want < 0 {
		r.Errorf(nil, "slice response is longer than its range")
	} else {
		r.Errorf(nil, "slice response is %d bytes shorter than its range", s.want)
	}
	return errLength
}
