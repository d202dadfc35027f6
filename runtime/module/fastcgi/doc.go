// Package fastcgi passes requests to FastCGI applications, such as PHP: nginx's ngx_http_fastcgi_module. What it shares with
// the other *_pass modules (upstream blocks, retries, buffering, the parameters) is in package pass, the records are in
// package wire/fcgi.
//
//	location ~ [^/]\.php(/|$) {
//		fastcgi_split_path_info ^(.+?\.php)(/.*)$;
//		fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
//		fastcgi_param PATH_INFO $fastcgi_path_info;
//		fastcgi_pass unix:/run/php/php-fpm.sock;
//	}
//
// Different from nginx: a response that the application breaks off inside a record, or before its Content-Length, is broken
// off for the client too, and standard error before the header takes no room in fastcgi_buffer_size (docs/adr/0038).
//
// Our own: fastcgi_cache_rfc9111, see docs/adr/0047.
//
// Not supported: of the directives of the commercial version all but fastcgi_cache_purge.
package fastcgi
