// Package api is nginx's ngx_http_api_module: the state and the statistics of the server as
// JSON, and changes of upstream groups and key-value pairs at run time.
//
//	server {
//		status_zone site;
//		location /api/ {
//			api write=on;
//			allow 127.0.0.1;
//			deny all;
//		}
//	}
//
// The paths, fields and error codes are those of version 9 of the API of the
// commercial nginx, see docs/adr/0036. Not there: /license, /resolvers and /stream;
// the fields ssl of zones and peers; the slots of /slabs; the codes and the
// histogram of response times of peers.
//
// A zone of status_zone counts in several shards (counters.go), so that requests
// do not contend for a lock. The counts are carried over a reload.
package api
