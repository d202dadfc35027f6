package front

import "sync/atomic"

// Stats counts connections. It outlives configurations.
type Stats struct {
	Accepted, Handled, Active, Waiting atomic.Int64

	// Ended, if not nil, is called when a connection has ended. It is set before anything is served.
	Ended func()
}

// Connections is how many there are.
func (s *Stats) Connections() int64 { return s.Active.Load() }
