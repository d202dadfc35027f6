package addition

import (
	"errors"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/mediatype"
)

// Module is ngx_http_addition_filter_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_addition_module", Register: register}
}

type settings struct {
	before, after []byte // empty: off
	types         mediatype.Set
}

func bind(c *settings, t *conf.Table) {
	uri := func(name string, p *[]byte) {
		t.Func(name, func(cmd *conf.Cmd) error {
			*p = []byte(cmd.Arg(0))
			return nil
		})
	}
	uri("add_before_body", &c.before)
	uri("add_after_body", &c.after)
	c.types.Bind(t, "addition_types")
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, settings{types: mediatype.NewSet("text/html")}, bind)
	place := b.FilterPlace()
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.before) > 0 || len(c.after) > 0 {
			p.HeaderFilter(func(r *httpd.Request) httpd.Result { return c.header(r, place) })
		}
	})
}

// header prepares a response for what is added to it.
func (c *settings) header(r *httpd.Request, place httpd.FilterPlace) httpd.Result {
	if r.Out.Status != 200 || r.Parent() != nil || !c.types.Match(&r.Out) {
		return httpd.OK
	}
	r.Out.ClearContentLength()
	r.ClearAcceptRanges()
	r.WeakenETag()
	f := filters.Get().(*filter)
	f.before, f.after = c.before, c.after
	r.AddBodyFilter(place, f, false)
	r.MayInclude()
	return httpd.OK
}

// filter is the body filter of one response. What it has added is nil.
type filter struct {
	before, after []byte
	piece         httpd.Out
}

var filters = sync.Pool{New: func() any { return new(filter) }}

// Close implements httpd.BodyFilter.
func (f *filter) Close(*httpd.Request) {
	*f = filter{}
	filters.Put(f)
}

// errRefused says that a subrequest was refused; why is logged.
var errRefused = errors.New("addition: subrequest refused")

// Filter implements httpd.BodyFilter.
func (f *filter) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	if len(f.before) > 0 {
		uri := f.before
		f.before = nil
		if r.Include(uri, nil, httpd.SubOptions{}) == nil {
			return errRefused
		}
	}
	if !o.Last || len(f.after) == 0 {
		return r.Next(next, o)
	}
	f.piece = *o
	f.piece.Last, f.piece.End = false, true
	if err := r.Next(next, &f.piece); err != nil {
		return err
	}
	uri := f.after
	f.after = nil
	if r.Include(uri, nil, httpd.SubOptions{}) == nil {
		return errRefused
	}
	f.piece = httpd.Out{Last: true, Flush: o.Flush, Recycled: o.Recycled}
	return r.Next(next, &f.piece)
}
