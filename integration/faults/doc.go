// Package faults compares the responses and logs of both servers when an upstream server misbehaves. Each row of the
// tables in rows*_test.go is one fault of a peer, and is played to nginx and to the server under test, over each
// protocol that has it (HTTP, also over TLS and in its version 2, gRPC, FastCGI, uwsgi, SCGI, memcached) and in each of these modes:
//
//	plain   the response is buffered
//	off     it is not
//	next    the peer is one of two, and the other works
//	cache   the response may be cached, and the request is made twice
//	keep    the connection to the peer is kept, and a second request follows that is answered well
//
// Compared are the response, and whether the client can detect that it is incomplete; the line in the access log, with the
// status, the peers, the length of the response and the state of the cache; and the lines in the error log.
// integration/differences.md lists what may differ, with the reason.
//
//	go test ./integration/faults
//	go test ./integration/faults -run Faults/http -row length         the rows whose name contains this
//	NGINX_BINARY=/usr/local/nginx/sbin/nginx go test ./integration/faults
//	                                                                  what a newer nginx does
//	go test ./integration/faults -record                              add what differs to differences.md
//
// All rows of a protocol are played at once. A row that differs is played again with longer timeouts, and at last by itself,
// because a busy machine may exceed those of the first run. What differs in every try fails.
package faults
