package resolver

import "sync/atomic"

// Stats counts what a Resolver did, for `status_zone`; the names are those of
// the API's resolvers objects.
type Stats struct {
	// Requests sent, by kind of lookup.
	Name, SRV, Addr uint64
	// Responses by code, and lookups that ended without one.
	NoError, FormErr, ServFail, NXDomain, NotImp, Refused, TimedOut, Unknown uint64
}

// counters are the live numbers behind Stats.
type counters struct {
	requests  [3]atomic.Uint64 // by kind
	responses [lastKnownRcode + 1]atomic.Uint64
	unknown   atomic.Uint64
	timedOut  atomic.Uint64
}

// response counts a response by its code.
func (c *counters) response(code Code) {
	if code <= lastKnownRcode {
		c.responses[code].Add(1)
	} else {
		c.unknown.Add(1)
	}
}

// Stats returns the numbers so far.
func (r *Resolver) Stats() Stats {
	c := &r.counters
	return Stats{
		Name: c.requests[kindName].Load(), SRV: c.requests[kindSRV].Load(), Addr: c.requests[kindAddr].Load(),
		NoError:  c.responses[0].Load(),
		FormErr:  c.responses[FormatError].Load(),
		ServFail: c.responses[ServerFailure].Load(),
		NXDomain: c.responses[HostNotFound].Load(),
		NotImp:   c.responses[Unimplemented].Load(),
		Refused:  c.responses[Refused].Load(),
		TimedOut: c.timedOut.Load(),
		Unknown:  c.unknown.Load(),
	}
}
