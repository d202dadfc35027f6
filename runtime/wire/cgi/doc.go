// Package cgi reads the response header of a program behind a gateway, as FastCGI, uwsgi and SCGI carry it: the fields of
// RFC 3875, section 6, of which Status names the code. uwsgi and SCGI programs may write the status line of HTTP instead. It
// does no I/O and allocates nothing; the results are slices of the bytes handed in. The lines themselves are read by package h1.
//
// It corresponds to what ngx_http_fastcgi_process_header, ngx_http_uwsgi_process_status_line, ngx_http_uwsgi_process_header and
// the same functions for SCGI have in common.
//
//	h.Reset(true)
//	for {
//		n, st := h.Next(buf, &f)
//		buf = buf[n:]
//		switch st {
//		case h1.OK:
//			// a field in f
//		case h1.Done:
//			code, line, ok := h.Status(status, location)
//		case h1.Again:
//			// buf is the beginning of a line: read more behind it, call again
//		default:
//			// log f.Line and f.Bad
//		}
//	}
package cgi
