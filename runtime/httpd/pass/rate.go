package pass

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// slow notes how long the rate makes the next read wait for n bytes.
func (p *pump) slow(n int64) {
	if p.rate > 0 {
		p.pause = msec(n * 1000 / p.rate)
	}
}

// rest waits as long as the last read asks.
func (p *pump) rest() {
	if p.pause > 0 {
		p.x.sleep(p.pause)
		p.pause = 0
	}
}

// room waits until the rate has room and returns how much, at most limit.
func (p *pump) room(limit int) int {
	for {
		n := p.rate*((clock.Mono()-p.since)/1e9+1) - p.length
		switch {
		case n > 0:
			return int(min(n, int64(limit)))
		case p.x.gone.Load(), p.ahead != nil && p.ahead.isStopped():
			return limit // the read says so
		}
		p.x.sleep(time.Duration(-n*1000/p.rate+1) * time.Millisecond)
	}
}
