// Package core is the part of ngx_http_core_module that is outside of the engine: its
// variables (vars.go), try_files (tryfiles.go), and the directives that have no effect
// here (hints.go). The engine, package httpd, registers the rest: blocks, listen, and the
// settings that a request is served with.
//
//	location / {
//	    try_files $uri $uri/ @app;
//	    add_header X-Id $request_id;
//	}
package core
