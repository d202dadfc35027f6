// Package splitclients is nginx's ngx_http_split_clients_module.
package splitclients
