// Package geo is nginx's ngx_http_geo_module.
package geo
