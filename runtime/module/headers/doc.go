// Package headers adds response header fields and trailers and sets Expires
// and Cache-Control: nginx's ngx_http_headers_filter_module.
//
//	add_header X-Frame-Options SAMEORIGIN always;
//	add_header_inherit merge;
//	add_trailer X-Checksum $checksum;
//	expires modified +24h;
//
// Cache-Control, Link, Last-Modified and ETag that are added here take part in the
// processing of the response; other fields are only sent.
//
// Not supported: nothing that nginx has.
package headers
