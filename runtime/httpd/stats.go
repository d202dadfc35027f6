package httpd

import (
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/front"
)

// Stats counts what stub_status shows. It outlives configurations.
type Stats struct {
	front.Stats // of connections

	Requests, Reading, Writing atomic.Int64
}
