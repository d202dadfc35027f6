// Package api is nginx's ngx_http_api_module: what the server does and has done, as
// JSON, and changes of upstream groups and key-value pairs while it runs.
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
// do not wait for one another. What is counted goes over to the next
// configuration.
package api
