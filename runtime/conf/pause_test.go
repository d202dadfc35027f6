package conf

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPausesEverywhere: each pass over a configuration pauses every few statements, whatever they are.
func TestPausesEverywhere(t *testing.T) {
	const servers, statements = 1000, 3 * 1000
	text := "http {\n" + strings.Repeat("server { send_timeout 1s; location / { } }\n", servers) + "}\n"
	l := newLab(t, map[string]string{"nginx.conf": text})
	n := 0
	l.PauseWith(func() { n++ })
	l.pause.after = 0 // at each look at the clock
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
}

// TestPauses: a load pauses after some work, and not for longer than it works once the pauses have taken long.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const work, long = 50 * time.Microsecond, 10 * time.Millisecond
		n := 0
		l := NewLoader("/nginx.conf", "/")
		l.PauseWith(func() { n++; time.Sleep(long) })
		worked := func(between int) (d time.Duration) { // until so many pauses are over
			for end := n + between; n < end; d += work {
				time.Sleep(work)
				l.Pause()
			}
			return d
		}
		const look = pauseSteps * work // how exactly a pause is timed
		budgeted := int(pauseBudget / long)
		if d := worked(budgeted) / time.Duration(budgeted); d > pauseAfter+look {
			t.Errorf("worked for %v between two pauses", d)
		}
		worked(1)
		if d := worked(10) / 10; d < long || d > long+look {
			t.Errorf("behind the budget worked for %v between two pauses of %v", d, long)
		}
	})
}
