// Package pass is what every *_pass module of http shares: upstream blocks, the
// attempts at one peer after the other, the request body on its way out, and
// the response on its way to the client. It corresponds to nginx's
// ngx_http_upstream.c, ngx_event_pipe.c and the balancing modules' directives.
//
//	upstream app {
//		least_conn;
//		server 10.0.0.1:8080 weight=2;
//		server 10.0.0.2:8080 max_fails=3 fail_timeout=30s;
//		server unix:/run/spare.sock backup;
//		keepalive 64;
//	}
//
// A *_pass directive is a [Target], which [Exchange.SetTarget] evaluates for a request. A
// protocol is a [Codec]: it writes the request's head, from [Params] where that
// is a list of parameters, and reads the response. A [Framing] wraps the request body where
// the protocol wraps it; a [Metered] one asks how much of it the peer takes. A protocol that keeps something with a connection
// is an [Opener], and one whose peers want answers while a request is sent has [Exchange.Answer]. Everything else is an
// [Exchange], which runs on the request's goroutine:
//
//	choose a peer -> take or make a connection -> send -> read the header -> pump
//	       ^------------- failed, and another peer may be asked ------|
//
// What is sent is the [Outgoing] of the exchange, each peer that is asked an [Attempt], and what the client gets
// the [Reply], which the header of an attempt begins, or the cache.
//
// A second goroutine exists only for an upgraded connection or one of CONNECT, for a request body
// that is large or passed on as it comes (it is sent while the response is read),
// and for a buffered response once a write to the client has to wait: then the rest is
// read ahead into memory and a temporary file (package spool), so that a slow client does not keep the
// peer busy.
//
// Different from nginx: a kept connection is used only by exchanges with its key, and
// checked before it is used (docs/adr/0027). Connections outlive a reload when
// keepalive is given explicitly.
//
// Responses are cached by package cache; what HTTP says about that is in package caching. The files
// cache*.go bring both together. The peers of an upstream block, the balancing methods, the queue and the
// kept connections are those of package upstream.
//
// A function that is marked go:noinline needs room on the stack that must be free again when the request waits
// (docs/adr/0048).
//
// Not supported: *_allow_upstream and *_bind_dynamic of the commercial nginx, and sync of sticky learn.
package pass
