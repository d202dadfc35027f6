//go:build !race

// The race detector needs several times the memory of the program for what it watches, and never gives it back: there is
// nothing to be compared with nginx, or with a time before.

package limits

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// TestCachedEntries: what the cache keeps of entries that are asked for is bounded in memory and in descriptors, however
// many there are.
func TestCachedEntries(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s := start(t, tested(), setup{text: cacheConf, apps: apps(sizedAnswers(&asked, func() {}))})
	s.get("/warm/1000")
	const entries = 4000
	grown := s.growth(func() {
		for range 2 {
			for i := range entries {
				if n := s.get(fmt.Sprintf("/small%d/30000", i)); n < 30000 {
					t.Fatalf("%d bytes", n)
				}
			}
		}
	})
	if grown > 60*mb { // 120 MB were read; 1 MB is kept, and what the collector has not come to
		t.Errorf("%v more for entries that may be kept in 1 MB", grown)
	}
	for range 2 {
		for i := range 150 {
			s.get(fmt.Sprintf("/large%d/50000", i))
		}
	}
	if n := s.descriptorsOf("/cache/"); n > 64 {
		t.Errorf("%d files of the cache are open", n)
	}
	if n := asked.Load(); n != 1+entries+150 {
		t.Errorf("the application was asked %d times", n)
	}
}
