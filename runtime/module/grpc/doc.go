// Package grpc passes requests to gRPC servers: nginx's ngx_http_grpc_module. What it shares with the other *_pass modules
// (upstream blocks, retries, TLS) is in package pass, the protocol, HTTP/2, in package pass/h2peer.
//
//	location /helloworld.Greeter/ {
//		grpc_set_header X-Real-IP $remote_addr;
//		grpc_pass grpc://127.0.0.1:50051;
//	}
//
// Neither the request nor the response is buffered, and both flow at the same time. The response ends with the trailers of the
// upstream server.
//
// Not supported: the directives of the commercial version.
package grpc
