// Package httpd is the http kernel: connections, requests, the choice of
// server and location, phases, filters, error pages and subrequests. It stands
// for nginx's ngx_http, ngx_http_core and the header and write filters.
//
// # Words
//
// A subrequest family is a main request with its included subrequests (family.go).
// The turn is the right to run, which one member of a family has at a time. A parked
// connection waits for its next request without a goroutine, in the idle poller
// (netio.Lot). A connection is recalled when the configuration changes while it is
// parked; it is retired when the current configuration does not have its address,
// and unfit when that would not accept it as it is (refresh.go).
//
// # Use
//
// A configuration is collected by a [Builder] while conf.Loader walks the
// files, and becomes an immutable [Config]. An [Instance] serves connections with
// the current Config. Modules hook into a location's [Plan]:
//
//	func Register(b *httpd.Builder, m *conf.Module) {
//		s := conf.NewSection(m, settings{}, bind)
//		b.Plan(func(p *httpd.Plan) {
//			if c := s.Of(p.Block); c.enable {
//				p.PreAccess(c.check)
//			}
//		})
//	}
//
// Handlers are blocking code on the connection's goroutine. The memory that a
// request allocates comes from its arena ([Request.Alloc]) and is freed with it.
//
// # Not supported
//
// Not supported here: HTTP/2 and HTTP/3; a listen that asks for them is served
// as HTTP/1.1 with a warning.
package httpd
