//go:build !race

package gzip

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

func TestFilterAllocations(t *testing.T) {
	body := text(10_000)
	var r httpd.Request
	s := new(sink)
	s.Grow(1 << 20)
	r.AddBodyFilter(httpd.FilterPlace{}, s, false)
	o := httpd.Out{Mem: body, Last: true}
	n := testing.AllocsPerRun(100, func() {
		s.Reset()
		f := newFilter(1)
		if err := f.Filter(&r, &o, 0); err != nil {
			t.Fatal(err)
		}
		f.Close(&r)
	})
	if n > 0.5 {
		t.Errorf("%v allocations a response", n)
	}
}
