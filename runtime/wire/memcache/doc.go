// Package memcache speaks the text protocol of memcached as far as looking one key up goes: the command get, the first line
// of its answer, and the value with the trailer behind it. It does no I/O, keeps what it needs in the caller's structs, and
// allocates nothing. It stands for the reading and writing in nginx's ngx_http_memcached_module; what is accepted is what that
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
