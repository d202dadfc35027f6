//go:build !race

// The race detector needs several times the memory of the program for what it watches, and never gives it back: there is
// nothing to be compared with nginx, or with a time before.

package limits

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPairsInMemory: 100,000 pairs cost a few hundred bytes each, and what is removed is given back.
func TestPairsInMemory(t *testing.T) {
	t.Parallel()
	const pairs = 100_000
	dir := stateDir(t)
	var b strings.Builder
	b.WriteString("{")
	for i := range pairs {
		fmt.Fprintf(&b, "%s\n\"10.%d.%d.%d\": \"value %d\"", strings.Repeat(",", min(i, 1)), i>>16, i>>8&255, i&255, i)
	}
	b.WriteString("\n}\n")
	file := filepath.Join(dir, "pairs")
	must(t, os.WriteFile(file, []byte(b.String()), 0o644))
	memory := func(zone string) size {
		s := start(t, tested(), setup{text: "-- nginx.conf --\n" + stateConf(zone+" keyval $arg_k $v zone=one;", "location / { return 200 <$v>; }")})
		if zone != emptyZone {
			c := s.dial()
			c.ask2(t, "/?k=10.1.134.159", "<value 99999>")
		}
		return s.settled()
	}
	empty, full := memory(emptyZone), memory("keyval_zone zone=one:64m state="+file+";")
	t.Logf("%v with %d pairs, %v without", full, pairs, empty)
	if full > empty+60*mb {
		t.Errorf("%d pairs cost %v", pairs, full-empty)
	}
}
