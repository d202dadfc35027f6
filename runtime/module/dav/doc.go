// Package dav stores, removes and moves files: nginx's ngx_http_dav_module,
// the methods PUT, DELETE, MKCOL, COPY and MOVE of WebDAV (RFC 4918), with
// dav_methods, create_full_put_path, min_delete_depth and dav_access.
//
//	location /upload/ {
//	    dav_methods          PUT DELETE MKCOL COPY MOVE;
//	    create_full_put_path on;
//	    dav_access           group:rw all:r;
//	}
//
// A file that is PUT is written under client_body_temp_path first and renamed,
// so that readers see the old or the new one, never a part. The two are best on
// one file system: else the file is copied beside its place before that.
//
// COPY follows symbolic links, as nginx does, but not to a folder around them or to
// the copy.
// Different from nginx: a MOVE to another file system that could not copy all keeps the
// source, and DELETE does not follow links.
//
// Not supported, as in nginx: PROPFIND, PROPPATCH, LOCK and UNLOCK, and 207
// responses about single files of a collection.
package dav
