// Package authrequest is nginx's ngx_http_auth_request_module: a subrequest decides
// whether a request is allowed.
//
//	location /private/ {
//		auth_request /auth;
//		auth_request_set $user $upstream_http_x_user;
//	}
//
// A status of 2xx grants access, 401 and 403 refuse it, everything else is an
// error.
//
// Not supported: nothing that nginx has.
package authrequest
