package limitreq

import "github.com/sluiceproxy/sluice/runtime/zone"

// bucket is what is known of one key.
type bucket struct {
	last   int64 // ms, when excess was computed
	excess int64 // requests over the rate, in thousandths
	users  int   // requests that are about to count: it must not be removed
}

type entry = zone.Entry[bucket]

// The bytes of an entry of nginx's without its key.
const bucketSize = 80

// The longest time that a bucket is thought to be ahead of the clock, and the
// least after which one that is empty is removed, in ms.
const minute = 60_000

// longAgo is how long a bucket whose first request is pending has been empty, in
// ms: more than it takes at any rate until that request is none over the rate. The
// clock does not do for it, which starts at 0 with the process.
const longAgo = 24 * 60 * minute

// verdict is the result of a limit for a request.
type verdict uint8

const (
	counted  verdict = iota // within the burst, and counted
	pending                 // within the burst; to be counted later
	exceeded                // more than the burst
	noMemory
)

// elapsed returns the time since the bucket was computed.
func (b *bucket) elapsed(now int64) int64 {
	switch ms := now - b.last; {
	case ms < -minute:
		return 1
	case ms < 0:
		return 0
	default:
		return ms
	}
}

// after returns the excess with one request more.
func (b *bucket) after(rate, ms int64) int64 { return max(b.excess-rate*ms/1000+1000, 0) }

// look judges a request with a key at a time in ms. With count the request is
// counted, else the entry stays in use until settle or drop.
func (l *limit) look(key []byte, now int64, count bool) (v verdict, excess int64, e *entry) {
	t := l.zone.Table
	t.Lock()
	defer t.Unlock()
	if e = t.Find(key); e != nil {
		b := &e.Value
		ms := b.elapsed(now)
		excess = b.after(l.zone.Rate, ms)
		switch {
		case excess > l.burst:
			return exceeded, excess, nil
		case count:
			b.excess = excess
			if ms > 0 {
				b.last = now
			}
			return counted, excess, nil
		}
		b.users++
		return pending, excess, e
	}
	expire(t, l.zone.Rate, now, false)
	if e = t.Add(key); e == nil {
		expire(t, l.zone.Rate, now, true)
		if e = t.Add(key); e == nil {
			return noMemory, 0, nil
		}
	}
	if count {
		e.Value.last = now
		return counted, 0, nil
	}
	e.Value = bucket{last: now - longAgo, users: 1}
	return pending, 0, e
}

// settle counts a request that was pending and returns the excess.
func (l *limit) settle(e *entry, now int64) int64 {
	t := l.zone.Table
	t.Lock()
	defer t.Unlock()
	b := &e.Value
	ms := b.elapsed(now)
	b.excess = b.after(l.zone.Rate, ms)
	if ms > 0 {
		b.last = now
	}
	b.users--
	return b.excess
}

// drop gives a request up that was pending.
func (l *limit) drop(e *entry) {
	l.zone.Table.Lock()
	e.Value.users--
	l.zone.Table.Unlock()
}

// wait returns how long a request with an excess waits, in ms.
func (l *limit) wait(excess int64) int64 {
	if excess <= l.delay {
		return 0
	}
	return (excess - l.delay) * 1000 / l.zone.Rate
}

// expire removes up to two old buckets that are empty; with force the oldest
// whatever is in it, and up to two more.
func expire(t *zone.Table[bucket], rate, now int64, force bool) {
	n := 1
	if force {
		n = 0
	}
	for ; n < 3; n++ {
		e := t.Oldest()
		if e == nil || e.Value.users > 0 {
			return
		}
		if n > 0 {
			ms := now - e.Value.last
			if ms = max(ms, -ms); ms < minute || e.Value.excess-rate*ms/1000 > 0 {
				return
			}
		}
		t.Remove(e)
	}
}
