//go:build linux && !race

package sub_test

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// A response in which texts are replaced costs no allocation, also where what
// is searched for has variables.
func TestReplacingAllocatesNothing(t *testing.T) {
	page := strings.Repeat("an <a href='http://a/'>ordinary</a> page ", 40)
	s := httptest.New(t, `default_type text/html; keepalive_requests 100000; server {
		location /static { sub_filter http://a/ https://b/; sub_filter ordinary $host; sub_filter none x; sub_filter_once off; return 200 "`+page+`"; }
		location /variable { sub_filter http://$arg_a/ https://b/; return 200 "`+page+`"; }
	}`, modules()...)
	for _, target := range []string{"/static", "/variable?a=a"} {
		if n := s.Allocs(t, target); n > 0 {
			t.Errorf("%s: %v allocations", target, n)
		}
	}
}
