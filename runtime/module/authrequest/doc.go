// Package authrequest is nginx's ngx_http_auth_request_module: access depends
// on the answer that a subrequest gets.
//
//	location /private/ {
//	    auth_request     /auth;
//	    auth_request_set $user $upstream_http_x_user;
//	}
//	location = /auth {
//	    internal;
//	    proxy_pass              http://backend;
//	    proxy_pass_request_body off;
//	    proxy_set_header        Content-Length "";
//	    proxy_set_header        X-Original-URI $request_uri;
//	}
//
// The subrequest is a GET without a body, and only its header counts. A status
// of 2xx lets the request pass; 401, with every WWW-Authenticate field of that
// answer, and 403 refuse it; any other status is an error, told in the log,
// and ends in 500. The module acts in the access phase, for the main request
// and for subrequests alike, so "satisfy any" weighs it against the others.
//
// The values of auth_request_set are worked out on the subrequest, before its
// status is judged, and stored in the request: they are there for its error
// page too.
package authrequest
