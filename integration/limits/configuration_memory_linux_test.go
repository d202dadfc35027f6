//go:build !race

// The race detector needs several times the memory of the program for what it watches: nothing to be compared with nginx.

package limits

import (
	"fmt"
	"testing"
)

// largeConfigurations are configurations with a lot of one thing.
var largeConfigurations = []struct{ name, http string }{
	{"map", "map_hash_max_size 110000; map_hash_bucket_size 128; map $uri $x { default none;\n" +
		repeated(100_000, func(i int) string { return fmt.Sprintf("/key%07d value%d;\n", i, i) }) +
		"}\nserver { listen %%ADDR%%; return 200 <$x>; }\n"},
	{"geo", "geo $arg_a $x { default none;\n" +
		repeated(200_000, func(i int) string { return fmt.Sprintf("%d.%d.%d.0/24 v%d;\n", 1+i>>16, i>>8&255, i&255, i%1000) }) +
		"}\nserver { listen %%ADDR%%; return 200 <$x>; }\n"},
	{"expressions", "server { listen %%ADDR%%;\n" +
		repeated(10_000, func(i int) string {
			return fmt.Sprintf("location ~ ^/section%d/([a-z]+)/(\\d+)\\.html$ { return 200 <%d>; }\n", i, i)
		}) + "location / { return 200 <x>; } }\n"},
}

// TestMemoryOfConfigurations: master and worker take no more memory for a large configuration than nginx's do.
func TestMemoryOfConfigurations(t *testing.T) {
	for _, c := range largeConfigurations {
		t.Run(c.name, func(t *testing.T) {
			// What the program takes without a configuration, nginx 4 MB, is the slack.
			beside(t, setup{own: root, text: mainConf(c.http)}, 14*mb, func(s *site) size {
				s.dial().ask("a")
				return s.settledShared(0)
			})
		})
	}
}
