package runtime

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// reclaimed is a process whose connections have memory, which is garbage once they have ended.
type reclaimed struct {
	*reclaimer
	open     atomic.Int64
	has      atomic.Uint64
	released int
	during   func() // comes to pass while memory is returned; nil for nothing
}

const (
	idleSize       = 10 << 20
	connectionSize = 100 << 10
)

// newReclaimed returns one that has just been idle.
func newReclaimed() *reclaimed {
	p := &reclaimed{}
	p.reclaimer = newReclaimer(&threads{}, p)
	p.resident = p.has.Load
	p.release = func() {
		p.has.Store(idleSize + uint64(p.open.Load())*connectionSize)
		p.released++
		if p.during != nil {
			p.during()
		}
	}
	p.free()
	p.released = 0
	return p
}

func (p *reclaimed) Connections() int64 { return p.open.Load() }

// begin has connections begin, and use memory.
func (p *reclaimed) begin(n int) {
	p.open.Add(int64(n))
	p.has.Add(uint64(n) * connectionSize)
}

// end has connections end.
func (p *reclaimed) end(n int) {
	for range n {
		p.open.Add(-1)
		p.connectionEnded()
	}
}

// TestReclaim: what connections have used is returned soon after their end, however far apart they end, and with few collections.
func TestReclaim(t *testing.T) {
	for _, tc := range []struct {
		name string
		ends []int // connections, each time long before the next
		most int   // collections
	}{
		{"at once", []int{500}, 1},
		{"most of them first", []int{400, 100}, 2},
		{"half of them first", []int{250, 250}, 2},
		{"few of them first", []int{100, 400}, 1},
		{"few at a time", []int{100, 100, 100, 100, 100}, 3},
		{"half each time", []int{250, 125, 62, 31, 16, 8, 4, 2, 1, 1}, 10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newReclaimed()
				p.begin(500)
				for _, n := range tc.ends {
					p.end(n)
					time.Sleep(2 * watchPause)
					synctest.Wait()
				}
				if has := p.has.Load(); has > idleSize {
					t.Errorf("%d bytes more than before", has-idleSize)
				}
				if p.released > tc.most {
					t.Errorf("%d collections", p.released)
				}
			})
		})
	}
}

// TestReclaimLittle: connections that use little, or stay, cost no collection.
func TestReclaimLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newReclaimed()
		for range 100 {
			p.begin(50)
			p.end(50)
			p.has.Store(idleSize + 50*connectionSize)
			time.Sleep(2 * watchPause)
		}
		if p.released != 0 {
			t.Errorf("%d collections for few connections", p.released)
		}
		p.begin(1000)
		p.end(400)
		time.Sleep(2 * watchPause)
		if p.released != 0 {
			t.Errorf("%d collections while most connections stay", p.released)
		}
	})
}

// TestReclaimOverReload: what connections use that were there when a configuration went is returned when they end.
func TestReclaimOverReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newReclaimed()
		p.begin(500)
		p.soon()
		time.Sleep(2 * soonPause)
		p.end(500)
		time.Sleep(2 * watchPause)
		if has := p.has.Load(); has > idleSize {
			t.Errorf("%d bytes more than before", has-idleSize)
		}
	})
}

// TestReclaimMeanwhile: what connections use that begin or end while memory is returned is returned when they have ended.
func TestReclaimMeanwhile(t *testing.T) {
	for _, tc := range []struct {
		name   string
		during func(p *reclaimed)
	}{
		{"others begin", func(p *reclaimed) { p.begin(500) }},
		{"others come and go", func(p *reclaimed) { p.begin(500); p.end(500) }},
		{"the rest ends", func(p *reclaimed) { p.end(int(p.open.Load())) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newReclaimed()
				p.begin(500)
				p.during = func() {
					p.during = nil
					tc.during(p)
				}
				p.end(300)
				time.Sleep(2 * watchPause)
				p.end(int(p.open.Load()))
				time.Sleep(2 * watchPause)
				if has := p.has.Load(); has > idleSize {
					t.Errorf("%d bytes more than before", has-idleSize)
				}
			})
		})
	}
}
