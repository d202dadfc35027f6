// Package access allows or denies clients by their address: nginx's
// ngx_http_access_module. The first rule that matches decides.
//
//	allow 192.168.0.0/16;
//	allow 2001:db8::/32;
//	allow unix:;
//	deny all;
//
// Not supported: nothing that nginx has.
package access
