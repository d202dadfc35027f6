// Package httpd is the http engine: requests, the choice of server and location,
// phases, filters, error pages and subrequests. It corresponds to nginx's ngx_http,
// ngx_http_core and the filters that no other module has. It is
// independent of the protocol: the [Carrier] of a request, such as package http1's,
// connects it with its client. What needs no request is in packages of its own: settings, header, mediatype,
// defaultpage and route below this one, listen and diskfile beside it. Variables and
// try_files are in module/core. See docs/adr/0033.
//
// # Words
//
// A subrequest family is a main request with its included subrequests (family.go).
// The turn is the right to run, which one member of a family has at a time.
//
// # Use
//
// A configuration is collected by a [Builder] while conf.Loader walks the
// files, and becomes an immutable [Config]. Modules hook into a location's [Plan]:
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
// Handlers are blocking code. They run on the goroutine of the connection, or of the
// subrequest. The
// memory that a request allocates comes from its arena ([Request.Alloc]) and is freed with it. A function that is
// marked go:noinline is to leave no frame on the stack of a request that waits (docs/adr/0048).
//
// # Not supported
//
// HTTP/2 and HTTP/3: a listen directive with them is served as HTTP/1.1 with a warning.
package httpd
