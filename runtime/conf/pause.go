package conf

import "time"

// pause lets others run while a configuration is loaded in a process that serves.
type pause struct {
	fn    func() // nil: nobody waits
	steps int
	since time.Time
}

const (
	pauseSteps = 8                      // between two looks at the clock
	pauseAfter = 200 * time.Microsecond // of work
)

// PauseWith has fn called again and again while the configuration is loaded, every fifth of a millisecond or so.
func (l *Loader) PauseWith(fn func()) { l.pause.fn = fn }

// Pause is for what else takes long in a load: it is called for each step of it.
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
