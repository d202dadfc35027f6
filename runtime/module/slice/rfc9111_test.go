package slice_test

import (
	"fmt"
	"net/http"
	nethttptest "net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/ranges"
	"github.com/sluiceproxy/sluice/runtime/module/slice"
)

// TestRFC9111: with proxy_cache_rfc9111 each slice is validated by itself, as a part that was asked for, and a request that
// wants no stored response has all of them validated.
func TestRFC9111(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	app := nethttptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var from int
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		mu.Lock()
		seen = append(seen, fmt.Sprint(from, r.Header.Get("If-None-Match")))
		mu.Unlock()
		w.Header().Set("ETag", `"a"`)
		w.Header().Set("Cache-Control", "max-age=60")
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		to := min(from+4, 10)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/10", from, to-1))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write([]byte("0123456789"[from:to]))
	}))
	t.Cleanup(app.Close)
	s := httptest.New(t, "proxy_cache_path "+t.TempDir()+` keys_zone=z:1m;
		server { slice 4; proxy_cache z; proxy_cache_key $uri$slice_range; proxy_cache_rfc9111 on; proxy_set_header Range $slice_range;
			location / { proxy_pass `+app.URL+`; } }`,
		pass.Module(), proxy.Module(), slice.Module(), ranges.BodyModule(), ranges.Module())
	for _, c := range []struct {
		field, asked string
		aged         bool // the answer has Age
	}{
		{"X: y", "0, 4, 8", false},
		{"X: y", "", true},
		{"Cache-Control: no-cache", `0"a", 4"a", 8"a"`, true},
		{"Range: bytes=5-6", "", true},
	} {
		r := s.Get("/", c.field)
		want, status := "0123456789", 200
		if strings.HasPrefix(c.field, "Range") {
			want, status = "56", 206
		}
		if r.Body != want || r.Status != status || (r.Header.Get("Age") != "") != c.aged {
			t.Errorf("%s: %d %q Age %s, log %s", c.field, r.Status, r.Body, r.Header.Get("Age"), s.Log())
		}
		mu.Lock()
		if got := strings.Join(seen, ", "); got != c.asked {
			t.Errorf("%s: asked %s, want %s", c.field, got, c.asked)
		}
		seen = nil
		mu.Unlock()
	}
}
