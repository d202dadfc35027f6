package httpd

import (
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/front"
)

// Stats counts what stub_status shows. It outlives configurations.
type Stats struct {
	front.Stats // of connections

	Requests, Reading, Writing atomic.Int64

	// Respawned is how many workers had to be replaced because they ended abnormally.
	Respawned atomic.Int64
}
