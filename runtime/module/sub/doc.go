// Package sub is nginx's ngx_http_sub_module: texts in responses are replaced
// by others.
//
//	location / {
//		sub_filter      '<a href="http://127.0.0.1:8080/' '<a href="https://$host/';
//		sub_filter      '<img src="http://127.0.0.1:8080/' '<img src="https://$host/';
//		sub_filter_once off;
//	}
//
// What is searched for may have variables, and is found without regard to the
// case of ASCII letters. All texts are searched for at once: the search looks
// at the place where the shortest of them would end and, as long as none can be
// there, moves on by more than a byte.
//
// Not supported: nothing that nginx has.
package sub
