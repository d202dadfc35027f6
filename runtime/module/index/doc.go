// Package index answers requests for a directory with a file in it: nginx's
// ngx_http_index_module. The first name that exists is redirected to
// internally.
//
//	index index.$lang.html index.html /index.php;
//
// Not supported: nothing that nginx has.
package index
