// Package keyval is nginx's ngx_http_keyval_module: variables whose values are
// looked up among key-value pairs that the api module, or set, changes while the
// server runs.
//
//	keyval_zone zone=one:1m state=/var/lib/nginx/state/one.keyval timeout=1h;
//	keyval $remote_addr $banned zone=one;
//
// Package zone/pairs keeps the pairs and documents the state file. The pairs are carried
// over a reload, which may change the size, type, timeout or file of a zone.
//
// Of several records that match, the one with the longest key, or the smallest
// network, gives the value. As in nginx, set changes the pair of the key when it
// assigns to the variable; a named group of a regular expression does not. The
// timeout of a pair starts again with each new value.
//
// Not supported: sync, which needs the zone_sync module of stream.
package keyval
