// Package securelink checks links that expire or are signed with a secret: nginx's ngx_http_secure_link_module.
//
//	secure_link     $arg_md5,$arg_expires;
//	secure_link_md5 "$secure_link_expires$uri secret";
//	if ($secure_link = "")  { return 403; }
//	if ($secure_link = "0") { return 410; }
//
// $secure_link is "1" for a valid link, "0" for an expired one, and has no value
// for any other. With secure_link_secret, the older form, links are
// /prefix/hash/link and $secure_link is the link.
package securelink
