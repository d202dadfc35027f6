// Package http2 carries HTTP/2 requests (RFC 9113) over connections that package front has
// opened: each stream is the Carrier of one httpd.Request, with the phases, filters, logs and
// limits of any other. It corresponds to ngx_http_v2 and its filter. Frames are those of
// wire/h2, header blocks those of wire/hpack.
//
//	e := httpd.NewEngine(stats, http1.Serve, http2.Serve)
//
// # How a connection is read
//
// One goroutine at a time reads a connection: the reader (reader.go). It runs a request whose
// header is complete by itself, so a request that never waits costs no change of goroutines,
// and the responses of requests that came together leave together. When such a request is
// about to wait, its goroutine gives the reader's part away: to another goroutine where bytes
// are left, else the connection waits in the idle poller without one. So the streams of a
// connection run side by side as soon as one of them has to wait, and a connection without
// streams has neither a goroutine nor a buffer.
//
// # How it is written
//
// Frames gather in one buffer of the connection (output.go), which whoever flushes it sends;
// other streams go on with another buffer meanwhile, and wait where that is full as well.
//
// # Bounds
//
// Of a client: http2_max_concurrent_streams requests, each with the windows of
// http2_body_preread_size and client_body_buffer_size; header blocks of
// large_client_header_buffers; answers to its frames that it does not read (maxControl). Of its
// CPU time: streams at once, refused streams, PRIORITY frames, frames without payload, and
// wake-ups without a request, each as nginx counts them.
//
// Not supported: server push, which clients have given up; the priorities of RFC 7540, which
// RFC 9113 has dropped.
package http2
