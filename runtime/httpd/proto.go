package httpd

import "github.com/sluiceproxy/sluice/runtime/buf"

// Proto is the part of a request that belongs to the engine and to the protocol that
// carries the request: what the protocol has found out, what the engine has decided, and
// what became of it. Modules use the methods of Request.
type Proto struct {
	Number         uint64     // of the request on its connection
	Pipelined      bool       // the client sent it before it had the response to the one before it
	EncodedURI     bool       // the target had %XX or '+'
	ValidUnparsed  bool       // Unparsed still stands for URI
	ExpectTested   bool       // Expect was answered, or needs no answer
	Keepalive      bool       // the connection is to serve another request
	Lingering      bool       // the client may still be sending when the connection ends: lingering_close
	Cut            bool       // the connection ends, which no header has said
	HeaderOnly     bool       // the response has no body
	Chunked        bool       // the response is sent in chunks
	ExpectTrailers bool       // the response may carry trailers
	GzipVary       bool       // the response says Vary: Accept-Encoding
	Complete       bool       // $request_completion
	Failed         bool       // the client is gone, or the response broke off
	TimedOut       bool       // of a main request: the client took too long, the connection may be reset
	PlainHTTP      bool       // a plain request that came to a TLS port
	Crashed        bool       // of a main request: it, or what works for it, panicked
	Length         int64      // bytes of the request, head and body
	HeadSize       int64      // of the response head
	Sent           int64      // bytes sent for this request, head included
	SentLocation   []byte     // the absolute Location that was sent
	Host           []byte     // host of the request, in lower case, without port
	Port           int        // of the host, 0 for none
	Flow           BodyFlow   // reads the body; nothing else may read from the client then
	Bufs           []*buf.Buf // that fields of the head point into; they are freed with the request
}
