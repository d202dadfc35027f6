// Package http1 carries HTTP/1 requests over connections that package front has opened: it
// reads heads and bodies, writes responses, and keeps connections alive. Package httpd
// processes the request in between; a [Conn] is its Carrier. It corresponds to
// ngx_http_request and the header, chunked and write filters.
//
//	e := httpd.NewEngine(stats, http1.Serve, http2.Serve)
//	in.Use(e.Bind(cfg), opened) // in is a front.Instance, cfg an *httpd.Config
//
// A connection waits for its next request without a goroutine (keepalive.go), in the idle
// poller of package netio. The chunk size of a request body is parsed in wire/chunked. The
// request of `sluice explain` has no connection: its Carrier is a [Probe].
//
// Parked, recalled, retired and unfit connections are those of package front.
package http1
