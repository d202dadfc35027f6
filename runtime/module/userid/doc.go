// Package userid is nginx's ngx_http_userid_module.
package userid
