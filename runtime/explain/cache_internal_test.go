package explain

import (
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// TestCacheHeld: what becomes of a response that is cached; without a cache on the disk, the golden files cannot say.
func TestCacheHeld(t *testing.T) {
	now := time.Now().Unix()
	for _, tt := range []struct {
		plan pass.CachePlan
		want string // a part of the notes
		not  string
	}{
		{pass.CachePlan{Held: true, Until: now + 3600}, "a response is cached, and is fresh for ", "nevertheless"},
		{pass.CachePlan{Held: true, Until: now - 3600}, "a response is cached, and is too old since 1h", "nevertheless"},
		{pass.CachePlan{Held: true, Until: now - 3600, Stale: true, Background: true}, "it is sent nevertheless, and updated in the background", "one request"},
		{pass.CachePlan{Held: true, Until: now - 3600, Stale: true}, "one request has it updated; the others get it nevertheless until then", "background"},
		{pass.CachePlan{Held: true, Until: now - 3600, Stale: true, Background: true, Passes: "so"}, "the cache is not asked: so", "nevertheless"},
	} {
		c := &recorder{}
		tt.plan.Zone, tt.plan.Key = "zone", "key"
		c.cache(&tt.plan)
		if text := strings.Join(c.notes, "\n"); !strings.Contains(text, tt.want) || strings.Contains(text, tt.not) {
			t.Errorf("%+v:\n%s", tt.plan, text)
		}
	}
}
