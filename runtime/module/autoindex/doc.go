// Package autoindex lists directories: nginx's ngx_http_autoindex_module.
//
//	autoindex on;
//	autoindex_format json;      # html, xml, json, jsonp
//	autoindex_exact_size off;   # html: 9.8K instead of 10035
//	autoindex_localtime on;     # html: not UTC
//
// Directories come first, names are in the order of their bytes, names that
// begin with a dot are left out.
//
// Not supported: nothing that nginx has.
package autoindex
