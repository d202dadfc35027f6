// Package uwsgi writes requests of the uwsgi protocol, and reads them for applications of tests. It does no
// I/O, and writing allocates nothing. It corresponds to the packets of nginx's ngx_http_uwsgi_module.
//
// A request is one packet, behind which the body follows as it is; a response has the form of package cgi. A packet is
//
//	modifier1 (1 byte), size of the rest (2, the lower first), modifier2 (1)
//	for each variable: size (2), name, size (2), value
//
// written so:
//
//	b, at := uwsgi.Begin(b, 0, 0)
//	b = uwsgi.AppendPair(b, name, value) // for each
//	n, ok := uwsgi.End(b, at)            // false: n bytes are too many
package uwsgi
