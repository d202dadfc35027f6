package pass

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// slow computes how long the next read has to wait after n bytes at this rate.
func (p *pump) slow(n int64) {
	if p.rate > 0 {
		p.pause = msec(n * 1000 / p.rate)
	}
}

// awaitRead waits for the time that slow computed after the last read.
func (p *pump) awaitRead() {
	if p.pause > 0 {
		p.x.sleep(p.pause)
		p.pause = 0
	}
}

// allowance waits until the rate allows bytes and returns how many, at most limit.
func (p *pump) allowance(limit int) int {
	for {
		n := p.rate*((clock.Mono()-p.since)/1e9+1) - p.length
		switch {
		case n > 0:
			return int(min(n, int64(limit)))
		case p.x.gone.Load(), p.ahead != nil && p.ahead.spool.Stopped():
			return limit // the read says so
		}
		p.x.sleep(time.Duration(-n*1000/p.rate+1) * time.Millisecond)
	}
}
