// Package gzip is nginx's ngx_http_gzip_filter_module: responses are compressed
// on their way to clients that accept it. It also holds the checks gzip_static
// and gunzip share with it, see [OK].
//
//	gzip on;
//	gzip_types text/css application/javascript;
//	gzip_vary on;
//
// Compression is klauspost/compress's, which is quicker than zlib at the same
// ratio. gzip_comp_level picks the level whose output is no larger than zlib's
// and that is no dearer, measured on text, HTML, C and JSON of 10 to 100 KB:
//
//	gzip_comp_level   1  2  3  4  5  6  7  8  9
//	level here        4  5  5  6  6  7  8  8  9
//
// HTML of 60 KB, microseconds and size: zlib's level 1 takes 246 for 29.6 %,
// here it is 162 for 26.6 %; level 6 1251 for 24.1 %, here 1156 for 24.4 %.
//
// Compressors are pooled by level; a response holds one from its first piece to
// its last.
//
// # Not supported
//
// gzip_window, gzip_hash, gzip_no_buffer and postpone_gzipping, which nginx does
// not document, and gzip_buffers are checked and have no effect: the window is
// always 32 KB.
package gzip
