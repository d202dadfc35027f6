// Package hpack reads and writes the header blocks of HTTP/2 (RFC 7541). It does no I/O, and in steady state it allocates
// nothing. It corresponds to nginx's ngx_http_v2_table and the header block states of ngx_http_v2, whose words the texts of
// [Status] are.
//
// A Decoder belongs to one direction of one connection:
//
//	d.Begin()
//	for len(block) > 0 {
//		var f hpack.Field
//		f, block, buf, st = d.Next(block, buf)
//		...
//	}
//
// The field's texts are in buf, or are constants; they outlive the block and the Decoder. Next takes what it has used off the
// front of buf. A block is decoded whole: who has a part of one waits for the rest, within a bound of its own.
//
// Blocks are written without a Decoder's counterpart: what is written refers to the static table alone, so it is good for any
// connection, whatever its peer's SETTINGS_HEADER_TABLE_SIZE is.
//
//	b = hpack.AppendStatus(b, 200)
//	b = hpack.AppendIndexedName(b, hpack.Server, []byte("sluice"))
//	b = hpack.AppendField(b, []byte("X-Name"), []byte("value")) // in lower case
package hpack
