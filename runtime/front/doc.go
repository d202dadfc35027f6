// Package front opens connections: it listens, accepts, reads the PROXY header, makes the
// TLS handshake with the server that the client names, and enforces worker_connections.
// Then it hands the connection to a protocol, which is an [Endpoint] that serves it. It
// also closes connections: at a reload, when worker_connections is reached, and when the
// server quits.
//
//	in, err := front.NewInstance(stats)
//	opened, err := in.Open(cfg, nil, warn)
//	in.Use(cfg, opened) // accepts; a later Use is a reload
//	in.Quit()           // returns when the last connection has ended
//
// It corresponds to ngx_event_accept.c, ngx_connection.c, ngx_proxy_protocol.c, the
// handshakes of ngx_event_openssl.c, and the connections of nginx's worker cycle.
//
// # Words
//
// A parked connection waits without a goroutine, in the idle poller (netio.IdlePoller). A
// connection is recalled when the configuration changes while it is parked; it is retired
// when the current configuration does not have its address, and unfit when that would not
// accept it as it is (refresh.go). It is reusable while it may be closed to make room for
// another one, and evicted once that has happened (reusable.go).
package front
