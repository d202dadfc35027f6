// Package geo defines variables by the client's address: nginx's
// ngx_http_geo_module.
//
//	geo $country {
//		default        ZZ;
//		proxy          192.168.100.0/24;
//		include        geo.conf;
//		127.0.0.0/24   US;
//		2001:db8::/32  RU;
//	}
//	geo $arg_ip $where { ranges; default -; 10.0.0.0-10.0.0.255 near; }
//
// The most special network counts. With proxy, the address is taken from
// X-Forwarded-For where the peer is trusted. Package base holds the table.
//
// Not supported: binary bases; see package base.
package geo
