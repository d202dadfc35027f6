// Package referer checks the Referer field of requests: nginx's
// ngx_http_referer_module.
//
//	valid_referers none blocked server_names *.example.com example.* ~\.google\.;
//	if ($invalid_referer) {
//		return 403;
//	}
//
// $invalid_referer is empty for a referrer in the list and "1" for others. A
// name may be followed by the beginning of a path. As in nginx, a list of a
// block without regular expressions keeps those of the block around it.
//
// Tables size themselves; referer_hash_max_size and referer_hash_bucket_size only
// determine which names are refused, as in nginx.
package referer
