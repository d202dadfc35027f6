// Package http1 carries HTTP/1 requests: it accepts connections, makes TLS handshakes,
// reads heads and bodies, and writes responses. What becomes of a request in between is
// package httpd's; a [Conn] is its Carrier. It stands for ngx_http_request, the header,
// chunked and write filters, and the connections of nginx's event module.
//
//	s, err := http1.NewInstance(stats)
//	opened, err := s.Open(cfg, nil, warn)
//	s.Use(cfg, opened) // accepts; a later Use is a reload
//	s.Quit()           // returns when the last request has ended
//
// A connection waits for its next request without a goroutine (await.go), in the idle
// poller of package netio. The chunk size of a request body is parsed in wire/chunked.
//
// # Words
//
// A parked connection waits for its next request without a goroutine, in the idle
// poller (netio.Lot). A connection is recalled when the configuration changes while it
// is parked; it is retired when the current configuration does not have its address,
// and unfit when that would not accept it as it is (refresh.go).
package http1
