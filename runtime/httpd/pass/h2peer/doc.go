// Package h2peer speaks HTTP/2 with the peers of an exchange of package pass: the codec that the modules proxy (proxy_http_version
// 2) and grpc have in common. It corresponds to nginx's ngx_http_proxy_v2_module.c and ngx_http_grpc_module.c, which have the
// same code for it.
//
// A module's codec has a [Peer] and passes the calls of pass.Codec, pass.Opener and pass.Framing on to it:
//
//	b := p.BeginRequest(dst)                  // AppendRequest
//	b = hpack.AppendIndexed(b, hpack.Method)
//	b = fields.Append(b, x, -1)
//	return p.EndRequest(b, hasBody), nil
//
// A connection carries one exchange at a time, as in nginx. What outlives an exchange is a [Conn]: the windows and the number
// of the last stream. The peer is told that it may not push, that the dynamic table of its header blocks has no room, and that
// it may send two gigabytes without being asked: a client that is slow is the business of package pass.
//
// The side that reads a response takes the WINDOW_UPDATE and SETTINGS frames that let the side that sends the request go on,
// and leaves acknowledgements to pass.Exchange.Answer.
//
// Different from nginx: fields of requests are not added to the peer's dynamic table; control frames before the header of a
// response may be more than *_buffer_size together; a peer that closes its side right behind its response has answered, although
// its SETTINGS were not acknowledged yet; a request that a kept connection's GOAWAY refuses is sent again on a new one, as if the
// connection had been closed before; the header of a cached response is text, as that of any protocol, and not the frames
// that came.
//
// Frames and header blocks are those of packages wire/h2 and wire/hpack; the words of the error log are nginx's for upstream
// servers.
package h2peer
