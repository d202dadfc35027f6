// Package authbasic is nginx's ngx_http_auth_basic_module: access by user name and
// password (RFC 7617).
//
//	location /private/ {
//		auth_basic           "members only";
//		auth_basic_user_file conf/htpasswd;
//	}
//
// The file has lines of the form user:password[:comment]. Passwords may be {PLAIN}, {SHA}, {SSHA}, Apache's $apr1$, and all
// methods of Debian's crypt(3), yescrypt included: package xcrypt. limiter.go bounds how many are hashed at a time to the
// number of processors.
package authbasic
