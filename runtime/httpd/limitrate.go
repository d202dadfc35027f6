package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
)

// limitOn reports whether limit_rate applies, reading the setting once.
func (r *Request) limitOn() bool {
	if !r.limitSet {
		r.limitSet = true
		r.limitRate = settings.Rate(r.loc.Core.LimitRate, r)
		r.limitPast = settings.Rate(r.loc.Core.LimitRateAfter, r)
		r.limitFrom = r.Start
	}
	return r.limitRate > 0
}

// SetLimitRate overrides limit_rate for this response (X-Accel-Limit-Rate, set
// $limit_rate). 0 is no limit.
func (r *Request) SetLimitRate(n int64) {
	r.limitOn()
	r.limitRate = n
}

// LimitRate returns the rate in effect, in bytes per second, 0 for none.
func (r *Request) LimitRate() int64 {
	r.limitOn()
	return r.limitRate
}

// writeLimited sends as much as limit_rate has room for and waits in between,
// as nginx's write filter does: there is room for rate * (seconds since the start
// + 1) bytes, the header and the framing of chunks among them, and whatever has
// been sent is followed by the time that it takes at that rate. Less than
// limit_rate_after costs no time.
func (r *Request) writeLimited(o *Out) error {
	off, left := int64(0), o.Size()
	if postpone := r.loc.Core.PostponeOutput; !o.Last && !o.Flush && !o.Recycled && left+int64(r.carrier.Pending()) < postpone {
		return r.carrier.Write(r, o)
	}
	for {
		if left > 0 || !o.Last || r.carrier.Pending() > 0 {
			if err := r.awaitRate(); err != nil {
				return err
			}
		}
		if left == 0 {
			return r.carrier.Write(r, &Out{Last: o.Last, Flush: o.Flush, Recycled: o.Recycled})
		}
		limit := r.limitRate
		room := limit*((clock.Mono()-r.limitFrom)/1e9+1) - (r.main.Proto.Sent - r.limitPast)
		if limit <= 0 { // switched off while this was waiting
			room = left
		} else if room <= 0 {
			r.main.limitUntil = clock.Mono() + int64(Msec(-room*1000/limit+1))
			continue
		}
		n := min(room, left)
		piece := Out{Last: o.Last && n == left, Flush: true}
		if o.IsFile {
			piece.IsFile, piece.FD, piece.Off, piece.Len, piece.Name = true, o.FD, o.Off+off, n, o.Name
		} else {
			piece.Mem = o.Mem[off : off+n]
		}
		before := max(r.main.Proto.Sent-int64(r.carrier.Pending())-r.limitPast, 0)
		if err := r.carrier.Write(r, &piece); err != nil {
			return err
		}
		if charged := max(r.main.Proto.Sent-r.limitPast, 0) - before; limit > 0 {
			r.main.limitUntil = clock.Mono() + int64(Msec(charged*1000/limit))
		}
		off += n
		if left -= n; left == 0 {
			return nil
		}
	}
}

// awaitRate waits for the time that what was sent takes at limit_rate. The other
// members of the request's family run meanwhile.
func (r *Request) awaitRate() error {
	by := r
	if r.member != nil && r.member.f.writer != nil {
		by = r.member.f.writer
	}

	for !r.Proto.Failed {
		left := r.main.limitUntil - clock.Mono()
		if left <= 0 {
			return nil
		}
		if err := r.carrier.Flush(r); err != nil {
			r.Broken(err)
			return err
		}
		r.carrier.Blocked()
		r.sleepOn(by, (left+1e6-1)/1e6)
	}
	return errClientGone
}
