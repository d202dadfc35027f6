package front

import "time"

// lastMoment bounds how long Terminate waits. A master sends TERM again after 50 ms,
// and KILL after a second.
const lastMoment = 100 * time.Millisecond

// Terminate closes all listening sockets, begins no further request, and waits a
// moment for those under way, so that a request whose response has been sent is
// logged. What takes longer ends with the process.
func (s *Instance) Terminate() {
	s.ending.Store(true)
	s.StopListening()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	// A connection that closes is counted out in two steps, so one look may be wrong.
	for idle, limit := 0, time.Now().Add(lastMoment); idle < 2 && time.Now().Before(limit); <-tick.C {
		if idle++; s.stats.Active.Load() > s.stats.Waiting.Load() {
			idle = 0
		}
	}
}
