// Package charset names the character set of responses and converts them from
// one to another: nginx's ngx_http_charset_module, with charset,
// source_charset, override_charset, charset_types and charset_map.
//
//	charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; }
//
//	location / {
//	    charset        utf-8;
//	    source_charset koi8-r;
//	}
//
// A map works both ways. Between single-byte sets a response keeps its length;
// where UTF-8 is involved the length is not known beforehand, so there is no
// Content-Length and there are no ranges. Subrequests are converted to the set
// of the main response.
//
// Responses with a Content-Encoding are not converted, as in nginx. Two details are as in
// nginx, too: a piece of a body none of whose
// bytes becomes a longer UTF-8 sequence is passed as it is, and an incomplete
// sequence at the end of a body is dropped.
package charset
