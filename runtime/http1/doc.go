// Package http1 carries HTTP/1 requests over connections that package front has opened: it
// reads heads and bodies, writes responses, and keeps connections alive. What becomes of a
// request in between is package httpd's; a [Conn] is its Carrier. It stands for
// ngx_http_request and the header, chunked and write filters.
//
//	p := http1.NewProtocol(stats)
//	in.Use(p.Bind(cfg), opened) // in is a front.Instance, cfg an *httpd.Config
//
// A connection waits for its next request without a goroutine (keepalive.go), in the idle
// poller of package netio. The chunk size of a request body is parsed in wire/chunked. The
// request that explain asks about has no connection: a [Probe] carries it.
//
// Parked, recalled, retired and unfit connections are those of package front.
package http1
