// Package randomindex answers requests for a directory with a file in it that
// is picked at random: nginx's ngx_http_random_index_module.
//
//	location /banners/ { random_index on; }
//
// Names that begin with a dot are never picked.
//
// Not supported: nothing that nginx has.
package randomindex
