// Package proxyproto reads and writes the header of the PROXY protocol, versions
// 1 and 2, without I/O and without allocation. It corresponds to
// ngx_proxy_protocol.c of nginx 1.31.5 and shares its strictness and its
// leniency: a header must be complete in the bytes that are there, version 1
// addresses are any run of hexadecimal digits, dots and colons, the commands
// and transports nginx does not use are skipped without an address, and the
// CRC-32C of version 2 is written but not verified.
//
//	var h proxyproto.Header
//	n, err := proxyproto.Read(buf, &h)
//	if err != nil {
//		// log it as nginx does and close the connection
//	}
//	buf = buf[n:] // h.Present tells whether there are addresses
//
// The TLVs of version 2 are found by the names of $proxy_protocol_tlv_name:
//
//	ref, err := proxyproto.ParseTLVName("ssl_cn") // at load
//	value, err := ref.Lookup(scratch, h.TLVs)     // per connection
//
// Not supported: UDP and Unix addresses when reading, as in nginx.
package proxyproto
