// Package fcgi reads and writes the records of FastCGI 1.0 without I/O, without copying what is read and without
// allocation. It corresponds to the record handling of ngx_http_fastcgi_module.c: one request per connection, id 1, in the
// role of a responder.
//
// A request is its beginning, the parameters in one record, and the body in records of its own with an empty one
// behind them:
//
//	b = fcgi.AppendBegin(b, keep)
//	b, at := fcgi.BeginParams(b)
//	b = fcgi.AppendPair(b, name, value) // for each
//	b, ok := fcgi.EndParams(b, at)      // false: too large for a record
//	b = fcgi.AppendHead(b, fcgi.Stdin, len(body))
//	b = append(b, body...)
//	b = fcgi.AppendPadding(b, len(body))
//	b = fcgi.AppendHead(b, fcgi.Stdin, 0)
//
// A response is read by a Decoder, which takes the bytes in pieces of any size:
//
//	var d fcgi.Decoder
//	data, n, st := d.Decode(in)
//	in = in[n:]
//
// Not supported: several requests on a connection at a time, the roles of authorizer and filter, and management records,
// which nginx does not send either.
package fcgi
