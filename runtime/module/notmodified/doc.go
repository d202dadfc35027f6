// Package notmodified answers conditional requests: nginx's
// ngx_http_not_modified_filter_module. A 200 response becomes 304 Not Modified
// or 412 Precondition Failed by If-Modified-Since, If-None-Match,
// If-Unmodified-Since and If-Match (RFC 9110, section 13). It has no directives;
// if_modified_since is http_core's.
//
// Not supported: nothing that nginx has. As there, If-None-Match and
// If-Modified-Since must both hold for a 304.
package notmodified
