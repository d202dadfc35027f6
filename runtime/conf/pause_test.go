package conf

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPausesEverywhere: each pass over a configuration pauses every few statements, whatever they are.
func TestPausesEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const servers, statements = 1000, 3 * 1000
		text := "http {\n" + strings.Repeat("server { send_timeout 1s; location / { } }\n", servers) + "}\n"
		l := newLab(t, map[string]string{"nginx.conf": text})
		n := 0
		l.PauseWith(func() { n++ })
		l.pause.after = 0 // a pause is due at each look at the clock, which stands
		if got := l.load(""); got != "" {
			t.Fatal(got)
		}
		const parse, expand, apply = statements / pauseSteps, statements / pauseSteps, statements / pauseSteps
		if want := parse + expand + apply; n < want {
			t.Errorf("loading %d statements paused %d times, want at least %d", statements, n, want)
		}
		n = 0
		if l.Release(); n < statements/pauseSteps {
			t.Errorf("releasing %d statements paused %d times", statements, n)
		}
	})
}

// TestPausesInBlocks: a handler that reads the statements inside its block pauses between them, and so does the check of
// the table that nginx would make of them.
func TestPausesInBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const items = 8000
		l := newLab(t, map[string]string{"nginx.conf": "http { types {\n" + strings.Repeat("a b;\n", items) + "} }\n"})
		n, reading, checking := 0, 0, 0
		delete(l.rows, "types")
		l.Module("ngx_http_core_module").Block("types", func(c *Cmd) error {
			names, before := []string(nil), n
			for item := range c.Items() {
				names = append(names, item.Name.Value)
			}
			reading, before = n-before, n
			c.CheckHash(c.Block.HashOf("types_hash", 64, 64), names, false)
			checking = n - before
			return nil
		})
		l.PauseWith(func() { n++ })
		l.pause.after = 0 // a pause is due at each look at the clock, which stands
		_ = l.load("")    // the names are all the same, and too many for one bucket
		if want := items / pauseSteps; reading != want {
			t.Errorf("reading %d items paused %d times, want %d", items, reading, want)
		}
		if want := items / namesAtOnce / pauseSteps; checking < want {
			t.Errorf("checking %d names paused %d times, want at least %d", items, checking, want)
		}
	})
}

// TestPauses: a load pauses after some work, and loses a bounded part of its time with it.
func TestPauses(t *testing.T) {
	const step = 50 * time.Microsecond
	const look = pauseSteps * step // how exactly a pause is timed
	for _, tc := range []struct{ pause, work time.Duration }{
		{pauseAfter, pauseAfter},
		{10 * time.Millisecond, 10 * time.Millisecond / pauseShare},
	} {
		synctest.Test(t, func(t *testing.T) {
			const pauses = 100
			n, worked := 0, time.Duration(0)
			l := NewLoader("/nginx.conf", "/")
			l.PauseWith(func() { n++; time.Sleep(tc.pause) })
			for ; n < pauses; worked += step {
				time.Sleep(step)
				l.Pause()
			}
			if d := worked / pauses; d < tc.work*9/10 || d > tc.work+look {
				t.Errorf("between two pauses of %v the load has worked for %v, want %v", tc.pause, d, tc.work)
			}
		})
	}
}
