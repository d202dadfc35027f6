//go:build !race

package rewrite_test

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/maps"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

// TestAllocations holds whole requests to no allocation at all.
func TestAllocations(t *testing.T) {
	const head = `map $arg_m $mapped { default d; Key value; ~^(x+)$ "x:$1"; } `
	s := httptest.New(t, head+`default_type text/plain; server {
		set $v server;
		location /static { return 200 ok; }
		location /value { set $v "$v $arg_a"; return 200 "$uri $v"; }
		location /if { if ($arg_a = b) { set $v equal; } if ($arg_a !~ ^(c)) { set $v $1; } return 200 $v; }
		location /rewrite { rewrite ^/rewrite/(\w+) /value/$1?a=$1 last; }
		location /map { return 200 "$mapped"; }
		location /redirect { return 301 /x$request_uri; }
	}`, rewrite.Module(), maps.Module())
	for _, target := range []string{
		"/static", "/value?a=1", "/if?a=b", "/if?a=c", "/rewrite/abc?x=y", "/map?m=KEY", "/map?m=xx", "/map?m=none", "/redirect",
	} {
		if n := s.Allocs(t, target); n != 0 {
			t.Errorf("%s: %v allocations", target, n)
		}
	}
}
