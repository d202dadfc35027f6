// Package scgi writes requests of SCGI, and reads them for applications of tests. It does no I/O, and
// writing allocates nothing. It corresponds to the requests of nginx's ngx_http_scgi_module.
//
// A request is one netstring, behind which the body follows as it is; a response has the form of package cgi. The netstring is
//
//	its size in decimal, ":", for each header: name, NUL, value, NUL; then ","
//
// and CONTENT_LENGTH is its first header:
//
//	b, at := scgi.Begin(b, length)
//	b, ok = scgi.AppendPair(b, name, value) // for each; false: it has a NUL in it
//	b = scgi.End(b, at)
package scgi
