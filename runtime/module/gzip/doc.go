// Package gzip is nginx's ngx_http_gzip_filter_module: responses are compressed
// on their way to clients that accept it. It also has the checks that gzip_static
// and gunzip use, see [OK].
//
//	gzip on;
//	gzip_types text/css application/javascript;
//	gzip_vary on;
//
// klauspost/compress compresses, which is faster than zlib at the same ratio.
// gzip_comp_level selects the level whose output is no larger than zlib's and that takes
// no longer, measured on text, HTML, C and JSON of 10 to 100 KB:
//
//	gzip_comp_level   1  2  3  4  5  6  7  8  9
//	level here        4  5  5  6  6  7  8  8  9
//
// HTML of 60 KB, microseconds and size: zlib's level 1 takes 246 for 29.6 %,
// here it is 162 for 26.6 %; level 6 takes 1251 for 24.1 %, here 1156 for 24.4 %.
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
