// Package userid gives clients a cookie that identifies them: nginx's
// ngx_http_userid_filter_module.
//
//	userid         on;
//	userid_name    uid;
//	userid_domain  example.com;
//	userid_expires 365d;
//	userid_flags   secure httponly samesite=lax;
//	userid_p3p     'policyref="/w3c/p3p.xml", CP="CUR ADM OUR NOR STA NID"';
//
// The cookie holds 16 bytes in base64: the server, the time, the process and a
// counter. $uid_got is the identifier that came, $uid_set the one that was
// given out, and a map or set that makes $uid_reset something other than "" or
// "0" has a new one given out.
//
// Different from nginx: a request has one identifier. nginx may set a second one after an
// internal redirect.
package userid
