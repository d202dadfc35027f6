// Package httpd is the http kernel: connections, requests, the choice of
// server and location, phases, filters, error pages and subrequests. It stands
// for nginx's ngx_http, ngx_http_core and the header and write filters.
//
// A configuration is collected by a [Builder] while conf.Loader walks the
// files, and becomes an immutable [Config]. A [Server] serves connections with
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
// Handlers are blocking code on the connection's goroutine. What a request
// needs lives in its arena ([Request.Alloc]) and is gone with it.
//
// Not supported here: HTTP/2 and HTTP/3; a listen that asks for them is served
// as HTTP/1.1 with a warning.
package httpd
