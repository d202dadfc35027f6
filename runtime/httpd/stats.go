package httpd

import "sync/atomic"

// Stats counts what stub_status shows. It outlives configurations.
type Stats struct {
	Accepted, Handled, Requests       atomic.Int64
	Active, Reading, Writing, Waiting atomic.Int64

	// Ended, if not nil, is called when a connection has ended. It is set before anything is served.
	Ended func()
}

// Connections is how many there are.
func (s *Stats) Connections() int64 { return s.Active.Load() }
