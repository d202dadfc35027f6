package sub

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/outbuf"
)

// header makes a response one in which texts are replaced.
func (c *settings) header(r *httpd.Request, place httpd.FilterPlace) httpd.Result {
	o := &r.Out
	if o.ContentLength == 0 || !c.types.Match(o) {
		return httpd.OK
	}
	f := filters.Get().(*filter)
	s := c.search
	if s == nil {
		if s = f.dynamic(r, c.pairs.Items); s == nil {
			f.Close(r)
			return httpd.OK
		}
	}
	f.begin(s, c.once)
	r.AddBodyFilter(place, f, true)
	if r.Parent() != nil {
		return httpd.OK
	}
	r.ChangeBody(c.lastModified)
	return httpd.OK
}

// filter is the body filter of one response.
type filter struct {
	finder finder
	values [][]byte // of the texts found so far
	out    outbuf.Buffer
	saved  []byte // what was kept, on its way out
	own    search // of texts with variables
}

var filters = sync.Pool{New: func() any { return new(filter) }}

// Close implements httpd.BodyFilter.
func (f *filter) Close(*httpd.Request) {
	f.out.Drop()
	clear(f.values)
	clear(f.own.list)
	f.own.list = f.own.list[:0]
	f.finder.search = nil
	filters.Put(f)
}

// dynamic makes the tables for one response, nil when there is nothing to be
// found.
func (f *filter) dynamic(r *httpd.Request, pairs []pair) *search {
	for _, p := range pairs {
		text, static := p.match.Static()
		if !static {
			text = r.Copy(p.match.Eval(r))
			for i, c := range text {
				text[i] = lower[c]
			}
		}
		if len(text) > 0 {
			f.own.list = append(f.own.list, match{text, p.value})
		}
	}
	if len(f.own.list) == 0 {
		return nil
	}
	f.own.prepare()
	return &f.own
}

func (f *filter) begin(s *search, once bool) {
	f.finder.start(s, once)
	if n := len(s.list); cap(f.values) < n {
		f.values = make([][]byte, n)
	} else {
		f.values = f.values[:n]
	}
}

// Filter implements httpd.BodyFilter.
func (f *filter) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	if f.finder.over() && len(f.finder.kept) == 0 {
		return r.Next(next, o)
	}
	err := f.replace(r, o, next)
	if err != nil {
		f.out.Drop()
	}
	return err
}

func (f *filter) replace(r *httpd.Request, o *httpd.Out, next int) error {
	k := &f.finder
	for p := o.Mem; len(p) > 0; {
		i, from, to, what := k.next(p, o.Flush || o.Recycled)
		if n := len(k.kept) + min(from, 0); n > 0 {
			f.saved = append(f.saved[:0], k.kept[:n]...)
			if err := f.add(r, next, f.saved); err != nil {
				return err
			}
		}
		if err := f.add(r, next, p[:max(from, 0)]); err != nil {
			return err
		}
		if what == whole {
			if f.values[i] == nil {
				f.values[i] = k.search.list[i].value.Eval(r)
			}
			if err := f.add(r, next, f.values[i]); err != nil {
				return err
			}
		}
		p = k.take(p, i, to, what)
	}
	if (o.Last || o.End) && len(k.kept) > 0 {
		f.saved = append(f.saved[:0], k.kept...)
		k.kept = k.kept[:0]
		if err := f.add(r, next, f.saved); err != nil {
			return err
		}
	}
	return f.out.End(r, next, o)
}

func (f *filter) add(r *httpd.Request, next int, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return f.out.Add(r, next, p)
}
