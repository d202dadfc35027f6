package cache

import "math"

const noWatermark = math.MaxInt64

// eviction is what became of an attempt to remove the oldest entry.
type eviction uint8

const (
	evicted eviction = iota
	allUsed
)

// setWatermark notes that the index is full: the manager keeps an eighth of it free from now
// on.
func (x *index) setWatermark() {
	count := x.count.Load()
	x.watermark.Store(count - count/8)
}

func (z *Zone) expireOldest() eviction { return allUsed }

func (z *Zone) logFull() {}
