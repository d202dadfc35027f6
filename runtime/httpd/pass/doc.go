// Package pass is what every *_pass module of http shares: upstream blocks
// (ngx_http_upstream_module), the attempt and retry loop, and the response
// pump from an upstream connection to the client's request.
package pass
