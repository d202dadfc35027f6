package conf

import "time"

// pause lets others run while a configuration is loaded beside a process that serves:
// other goroutines of this process, and other processes.
type pause struct {
	fn    func() // of PauseWith; nil: the load does not pause
	steps int    // since the last look at the clock
	since time.Time
	after time.Duration // how long to work between since and the next call of fn
	spent time.Duration // in fn, of pauseBudget
}

const (
	pauseSteps = 8                      // between two looks at the clock
	pauseAfter = 200 * time.Microsecond // of work
	// pauseBudget bounds what a load loses on a busy machine, where one pause may take many
	// milliseconds. When it is spent the load works as long as the pause before has taken.
	pauseBudget = time.Second
)

// PauseWith makes the load call fn about every pauseAfter.
func (l *Loader) PauseWith(fn func()) {
	l.pause.fn, l.pause.since, l.pause.after = fn, time.Now(), pauseAfter
}

// Pause is called at each step of other long work during a load.
func (l *Loader) Pause() { l.pause.due() }

func (p *pause) due() {
	if p.fn == nil {
		return
	}
	if p.steps++; p.steps < pauseSteps {
		return
	}
	p.steps = 0
	now := time.Now()
	if now.Sub(p.since) < p.after {
		return
	}
	p.fn()
	p.since = time.Now()
	took := p.since.Sub(now)
	if p.spent += took; p.spent > pauseBudget {
		p.after = max(pauseAfter, took)
	}
}
