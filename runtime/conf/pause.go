package conf

import "time"

// pause lets other goroutines run while a configuration is loaded in a process that
// serves.
type pause struct {
	fn    func() // of PauseWith; nil: the load does not pause
	steps int
	since time.Time
}

const (
	pauseSteps = 8                      // between two looks at the clock
	pauseAfter = 200 * time.Microsecond // of work
)

// PauseWith makes the load call fn about every pauseAfter.
func (l *Loader) PauseWith(fn func()) { l.pause.fn = fn }

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
	if now := time.Now(); now.Sub(p.since) >= pauseAfter {
		p.fn()
		p.since = time.Now()
	}
}
