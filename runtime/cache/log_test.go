package cache

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// TestLog: what the zone's goroutines have to say goes to the log of the configuration.
func TestLog(t *testing.T) {
	memory := errlog.NewMemory(64 << 10)
	log := errlog.New(errlog.Config{Outputs: []errlog.Output{{Sink: memory, Threshold: errlog.Threshold{Level: errlog.Info}}}})
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, func(o *Options) { o.ZoneSize = 16 << 10; o.Log = log })
		fill(t, z, o, 0, 3)
		if err := os.WriteFile(z.opts.Load().Dir+"/index.html", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		next := again(t, z, nil)
		next.Start(*next.opts.Load())
		time.Sleep(time.Second)
		size := float64(3*next.block) / (1 << 20)
		dir := z.opts.Load().Dir
		held := make([]Ref, next.index.max+10)
		var e Entry
		for i := range held {
			next.Open(&held[i], query(o, fmt.Sprint("held ", i)), &e)
		}
		time.Sleep(time.Second)
		next.Open(new(Ref), query(o, "one more"), &e)
		for i := range held {
			held[i].Release()
		}
		next.guard(func() { panic("on purpose") })
		got := string(memory.Bytes())
		for want, times := range map[string]int{
			fmt.Sprintf("http file cache: %s %.3fM, bsize: %d", dir, size, next.block): 1,
			`1 names in "` + dir + `" are not of this cache and are left alone`:        1,
			`[alert] *: could not allocate node in cache keys zone "test"`:             2, // once a second
			`[alert] *: panic: on purpose at cache.TestLog`:                            1,
		} {
			level, text, found := strings.Cut(want, "*")
			if !found {
				level, text = "", want
			}
			if n := strings.Count(got, text); n != times || !strings.Contains(got, level) {
				t.Errorf("%q is logged %d times, want %d", want, n, times)
			}
		}
		if t.Failed() {
			t.Log(got)
		}
	})
}
