// Package ranges cuts responses into the byte ranges that the client requested:
// nginx's ngx_http_range_body_filter_module and ngx_http_range_header_filter_module.
// A single range becomes a 206 with Content-Range, several a multipart/byteranges
// body, none that can be satisfied a 416. Ranges of a file stay ranges of that file,
// so they leave by sendfile. max_ranges is http_core's.
//
// As in nginx several ranges need the whole body in one piece, and a request
// whose ranges amount to more than the body gets all of it.
//
// A subrequest that is a part of the main request's body (slice) is cut with it.
package ranges
