package conf

import "time"

// pause lets others run while a configuration is loaded beside a process that serves:
// other goroutines of this process, and other processes.
type pause struct {
	fn     func()        // of PauseWith; nil: the load does not pause
	after  time.Duration // pauseAfter
	steps  int           // since the last look at the clock
	since  time.Time     // when fn returned last
	worked time.Duration // until since
	spent  time.Duration // in fn
}

const (
	pauseSteps = 8                      // between two looks at the clock
	pauseAfter = 200 * time.Microsecond // of work
	// pauseShare bounds what a load loses on a busy machine, where one pause may take many
	// milliseconds: together they take at most so many times what the load has worked.
	pauseShare = 4
)

// PauseWith makes the load call fn about every pauseAfter.
func (l *Loader) PauseWith(fn func()) { l.pause = pause{fn: fn, after: pauseAfter, since: time.Now()} }

// Pause is called at each step of other long work during a load.
func (l *Loader) Pause() { l.pause.due() }

// due is called at each step. nil never pauses.
func (p *pause) due() {
	if p == nil || p.fn == nil {
		return
	}
	if p.steps++; p.steps < pauseSteps {
		return
	}
	p.steps = 0
	now := time.Now()
	work := now.Sub(p.since)
	if work < p.after || p.spent > pauseShare*(p.worked+work) {
		return
	}
	p.fn()
	p.since = time.Now()
	p.worked += work
	p.spent += p.since.Sub(now)
}
