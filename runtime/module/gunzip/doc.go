// Package gunzip decompresses gzipped responses for clients that do not accept
// gzip: nginx's ngx_http_gunzip_module, with gunzip and gunzip_buffers.
//
//	location /storage/ {
//	    gunzip on;
//	    gzip_static always;
//	}
//
// The length of such a response is not known, so it has no Content-Length and
// no ranges, and its ETag becomes a weak one. Several members in a row are one
// body. gunzip_buffers bounds how much is decompressed before it is passed on.
//
// Decompressed bytes are passed on with the piece that completes them: at once where the
// upstream server flushed its compressor, else when a block or 32 KB are complete. zlib gives nginx single bytes earlier.
package gunzip
