package front

import "sync/atomic"

// Stats counts connections. It outlives configurations.
type Stats struct {
	Accepted atomic.Int64 // since the process began
	Handled  atomic.Int64 // of these, those within worker_connections
	Active   atomic.Int64 // open now
	Waiting  atomic.Int64 // of these, those that wait for a request

	// TLS are the handshakes.
	TLS TLSStats

	// Ended, if not nil, is called when a connection has ended. It is set before anything is served.
	Ended func()
}

// Connections returns how many connections are open.
func (s *Stats) Connections() int64 { return s.Active.Load() }
