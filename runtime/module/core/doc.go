// Package core is what ngx_http_core_module has beside the engine: its variables
// (vars.go), try_files (tryfiles.go), and the directives that have no effect here
// (hints.go). It begins with what the engine registers itself, package httpd: blocks,
// listen, and the settings that a request is served with.
//
//	location / {
//	    try_files $uri $uri/ @app;
//	    add_header X-Id $request_id;
//	}
package core
