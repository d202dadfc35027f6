// Package maps defines variables by the value of another: nginx's
// ngx_http_map_module.
//
//	map $http_host $backend {
//		hostnames;
//		default        web;
//		*.example.com  $1;
//		~^api\.(\w+)   api-$1;
//		include        more.map;
//	}
//
// Keys are compared without regard to case. An exact key wins over wildcards,
// a leading wildcard over a trailing one, and those over regular expressions,
// which are tried in order and set the captures that the values may use.
//
// Tables size themselves; map_hash_max_size and map_hash_bucket_size only determine which
// keys are refused, as in nginx.
package maps
