// Package authbasic is nginx's ngx_http_auth_basic_module: access for those who
// know a name and its password (RFC 7617).
//
//	location /private/ {
//		auth_basic           "members only";
//		auth_basic_user_file conf/htpasswd;
//	}
//
// The file has lines of the form user:password[:comment]. Passwords may be
// {PLAIN}, {SHA}, {SSHA}, Apache's $apr1$, and of crypt(3): $1$ (MD5), $2a$,
// $2b$ and $2y$ (bcrypt), $5$ and $6$ (SHA), and the traditional one (DES).
//
// # Not supported
//
// Other formats of crypt(3), such as $y$ (yescrypt), are answered with 500.
package authbasic
