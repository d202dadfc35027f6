// Package sub is nginx's ngx_http_sub_module: texts in responses are replaced
// by others.
//
//	location / {
//		sub_filter      '<a href="http://127.0.0.1:8080/' '<a href="https://$host/';
//		sub_filter      '<img src="http://127.0.0.1:8080/' '<img src="https://$host/';
//		sub_filter_once off;
//	}
//
// The search texts may have variables; the case of ASCII letters is ignored. All texts are
// searched for at once: the search inspects the byte where the shortest text would end and
// skips more than one byte where no text can match.
//
// Not supported: nothing that nginx has.
package sub
