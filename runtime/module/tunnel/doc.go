// Package tunnel answers CONNECT requests: nginx's ngx_http_tunnel_module, which makes a
// server a forward proxy. What it shares with the other *_pass modules (upstream blocks,
// retries, the connection once bytes flow both ways) is in package pass.
//
//	server {
//		listen 127.0.0.1:3128;
//		resolver 127.0.0.53;
//		if ($request_port != 443) { return 502; }
//		tunnel_pass;
//	}
//
// Different from nginx: a buffer is held only during a read and until its bytes are sent.
// After a read that fills a buffer of tunnel_buffer_size the next one may be 32 KB
// (docs/adr/0042).
//
// Not supported: the directives of the commercial version.
package tunnel
