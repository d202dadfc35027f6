//go:build !race

// The race detector makes sync.Pool drop what it is given at random, so allocations mean nothing under it.

package regex

import "testing"

func TestMatchingDoesNotAllocate(t *testing.T) {
	s := []byte("/app/user/42/photo.png")
	caps := make([]int, 0, 16)
	for _, pattern := range []string{
		`^/app/`, `\.png$`, `user`, `^/app/(?<kind>[a-z]+)/(?<id>[0-9]+)/(.+)\.(png|jpg)$`, `(?:o|t)+x`, `(?<!x)(?=p)\w+`,
		`(\w)\1`, `^(([a-z/])+.)+[A-Z]$`, `(?i)PHOTO\.(.*)$`, `(*UTF8)/\X+?/`, `(/[^/]*(?1)?)$`,
	} {
		re := mustCompile(t, pattern, false)
		re.Match(s) // grows what the machines keep
		if n := testing.AllocsPerRun(100, func() {
			re.Match(s)
			caps, _ = re.MatchCaptures(s, caps)
		}); n >= 1 { // a collection may empty the pool in between
			t.Errorf("%s: %v allocations", pattern, n)
		}
	}
}
