package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Upstream is what a module that passes requests on keeps with a request. It
// lives until the request ends, internal redirects notwithstanding.
type Upstream interface {
	// LogUpstream adds to error log lines what the exchange under way is about:
	// `, upstream: "http://127.0.0.1:80/uri"`.
	LogUpstream(f *errlog.Fields)
	// ClientLost is called when a write to the client has failed, and returns what
	// the error log says of that; empty: the exchange is over, and has no part in it.
	ClientLost() string
	// Close is called when the request ends.
	Close(r *Request)
}

// Upstream returns what SetUpstream was given, nil before.
func (r *Request) Upstream() Upstream { return r.upstream }

// SetUpstream keeps u with the request. u must close the one that was kept before.
func (r *Request) SetUpstream(u Upstream) { r.upstream = u }
