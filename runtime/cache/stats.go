package cache

import "sync/atomic"

// Status is what the cache was to a request: $upstream_cache_status. The numbers are
// nginx's, 0: the request had nothing to do with a cache.
type Status uint8

// The values of Status.
const (
	StatusNone Status = iota
	StatusMiss
	StatusBypass
	StatusExpired
	StatusStale
	StatusUpdating
	StatusRevalidated
	StatusHit
	StatusScarce
	statuses
)

// String is the text of the variable. A scarce response shows as a miss: as in nginx no
// request ends with that status.
func (s Status) String() string {
	return [...]string{"", "MISS", "BYPASS", "EXPIRED", "STALE", "UPDATING", "REVALIDATED", "HIT", "MISS"}[s]
}

// Count is how many responses there were of one Status, and their size in bytes.
type Count struct{ Responses, Bytes int64 }

// Stats is what a status page shows of a zone.
type Stats struct {
	Size, MaxSize int64 // bytes; a MaxSize of math.MaxInt64: no limit
	Keys          int64
	Cold          bool // the loader has not read all files yet

	Served  [statuses]Count // by Status
	Written [statuses]Count // those that were stored
}

// counters are the numbers behind Stats.
type counters struct{ served, written [statuses]counter }

type counter struct{ responses, bytes atomic.Int64 }

func (c *counter) add(bytes int64) {
	c.responses.Add(1)
	c.bytes.Add(bytes)
}

// Served counts a response with so many bytes of body, by what the cache was to it.
func (z *Zone) Served(s Status, bytes int64) { z.stats.served[s].add(bytes) }

// Written counts a response that was stored.
func (z *Zone) Written(s Status, bytes int64) { z.stats.written[s].add(bytes) }

// ResetStats sets the counts of responses to 0.
func (z *Zone) ResetStats() {
	for _, list := range [][]counter{z.stats.served[:], z.stats.written[:]} {
		for i := range list {
			list[i].responses.Store(0)
			list[i].bytes.Store(0)
		}
	}
}

// Stats reads the zone's statistics.
func (z *Zone) Stats() Stats {
	s := Stats{
		Size:    z.blocks.Load() * z.block,
		MaxSize: z.opts.Load().MaxSize,
		Keys:    z.index.count.Load(),
		Cold:    z.cold.Load(),
	}
	for i := range statuses {
		s.Served[i] = Count{z.stats.served[i].responses.Load(), z.stats.served[i].bytes.Load()}
		s.Written[i] = Count{z.stats.written[i].responses.Load(), z.stats.written[i].bytes.Load()}
	}
	return s
}
