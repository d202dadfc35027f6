package httpd_test

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// mark is a body filter that puts its letter before each piece.
type mark byte

func (m mark) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	o.Mem = append([]byte{byte(m)}, o.Mem...)
	return r.Next(next, o)
}

func (mark) Close(*httpd.Request) {}

// marking is a module with such a filter.
func marking(letter byte) httpd.Module {
	return httpd.Module{Name: "marking", Register: func(b *httpd.Builder, _ *conf.Module) {
		place := b.FilterPlace()
		b.Plan(func(p *httpd.Plan) {
			p.HeaderFilter(func(r *httpd.Request) httpd.Result {
				r.Out.ClearContentLength()
				r.AddBodyFilter(place, mark(letter), false)
				return httpd.OK
			})
		})
	}}
}

// late is a module whose filter's place comes before those of the modules behind
// it in the list, though its header filter is the last to add one.
func late(first, last *httpd.Module) {
	var place httpd.FilterPlace
	*first = httpd.Module{Name: "place", Register: func(b *httpd.Builder, _ *conf.Module) { place = b.FilterPlace() }}
	*last = httpd.Module{Name: "late", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Plan(func(p *httpd.Plan) {
			p.HeaderFilter(func(r *httpd.Request) httpd.Result {
				r.AddBodyFilter(place, mark('1'), false)
				return httpd.OK
			})
		})
	}}
}

func TestBodyFiltersRunInModuleOrder(t *testing.T) {
	var first, last httpd.Module
	late(&first, &last)
	answer := httpd.Module{Name: "answer", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Plan(func(p *httpd.Plan) {
			p.AddContent(func(r *httpd.Request) httpd.Result {
				r.Out.Status = 200
				return r.SendBody([]byte("body"))
			})
		})
	}}
	s := httptest.New(t, "chunked_transfer_encoding off; server { location / { } }", first, marking('2'), httpd.PostponeFilter(), marking('3'), last, answer)
	if got := s.Get("/").Body; got != "321body" {
		t.Errorf("got %q, want the filters in the order of the modules", got)
	}
}
