// Package memcache has the part of memcached's text protocol that looks up one key: the command get, the first line of its
// answer, and the value with the trailer behind it. It does no I/O, keeps what it needs in the caller's structs, and
// allocates nothing. It corresponds to the reading and writing in nginx's ngx_http_memcached_module; it accepts what that
// accepts.
//
//	q = memcache.AppendGet(q, key)         // "get key\r\n"
//	n, st := memcache.ParseReply(b, q[4:len(q)-2], true, &reply)
//	...                                    // Found: reply.Flags, reply.Length
//	v.Reset(reply.Length)
//	data, part := v.Next(b)                // until part is End, or BadTrailer
//
// Not here: the binary protocol, commands that write, several keys at once, the "cas unique" of gets.
package memcache
