package api

import (
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// counters are what a zone of status_zone counts. A request counts in the shard of its
// connection: requests of different connections mostly write to different cache lines.
type counters struct {
	shards []shard // a power of two of them
}

// shard is a part of the counts.
type shard struct {
	processing atomic.Int64 // requests under way; a sum may be over all shards only
	requests   atomic.Uint64
	discarded  atomic.Uint64
	received   atomic.Uint64
	sent       atomic.Uint64
	// codes are counts by code, of 100 codes each, made when one of them is used.
	codes [6]atomic.Pointer[[100]atomic.Uint64]

	_ [64]byte // the next shard has its own cache line
}

// maxShards bounds the memory of a zone.
const maxShards = 16

func newCounters() *counters {
	n := 1
	for n < runtime.GOMAXPROCS(0) && n < maxShards {
		n *= 2
	}
	return &counters{make([]shard, n)}
}

func (c *counters) of(r *httpd.Request) *shard {
	return &c.shards[int(r.Client().ID)&(len(c.shards)-1)]
}

// end counts a request that was answered, or not.
func (s *shard) end(r *httpd.Request) {
	s.received.Add(uint64(r.Proto.Length))
	s.sent.Add(uint64(r.Proto.Sent))
	code := r.StatusCode()
	if r.Proto.Sent == 0 || code < 100 || code >= 100*len(s.codes) {
		s.discarded.Add(1)
		return
	}
	class := &s.codes[code/100]
	p := class.Load()
	for p == nil {
		class.CompareAndSwap(nil, new([100]atomic.Uint64))
		p = class.Load()
	}
	p[code%100].Add(1)
}

// reset sets all counts but that of the requests under way to 0.
func (c *counters) reset() {
	for i := range c.shards {
		s := &c.shards[i]
		for _, n := range []*atomic.Uint64{&s.requests, &s.discarded, &s.received, &s.sent} {
			n.Store(0)
		}
		for j := range s.codes {
			s.codes[j].Store(nil)
		}
	}
}

// show returns the counts. A location zone has no requests under way.
func (c *counters) show(server bool) object {
	var processing int64
	var requests, discarded, received, sent, total uint64
	var classes [6]uint64
	var codes [600]uint64
	for i := range c.shards {
		s := &c.shards[i]
		processing += s.processing.Load()
		requests += s.requests.Load()
		discarded += s.discarded.Load()
		received += s.received.Load()
		sent += s.sent.Load()
		for j := range s.codes {
			if p := s.codes[j].Load(); p != nil {
				for k := range p {
					codes[100*j+k] += p[k].Load()
				}
			}
		}
	}
	byCode := object{}
	for code, n := range codes {
		if n > 0 {
			byCode.add(strconv.Itoa(code), n)
			classes[code/100] += n
			total += n
		}
	}
	o := object{}
	if server {
		o.add("processing", max(processing, 0))
	}
	o.add("requests", requests)
	o.add("responses", responses(&classes, byCode, total))
	o.add("discarded", discarded)
	o.add("received", received)
	o.add("sent", sent)
	return o
}

// responses is the field of that name. codes is nil where they are not counted.
func responses(classes *[6]uint64, codes object, total uint64) object {
	o := object{}
	for class := 1; class <= 5; class++ {
		o.add(strconv.Itoa(class)+"xx", classes[class])
	}
	if codes != nil {
		o.add("codes", codes)
	}
	o.add("total", total)
	return o
}
