package httpd

// Carrier is the interface between a request and its client's connection. An HTTP/1
// connection implements it. What carries a request without a connection implements it with
// [NoClient]. Its methods are called on the goroutine of the request unless they say
// otherwise. A subrequest family has one Carrier, which the member that has the turn uses.
type Carrier interface {
	// NextBody is [Request.BodyNext], ReadyBody [Request.BodyReady].
	NextBody(r *Request) ([]byte, error)
	ReadyBody(r *Request, p []byte) (int, error)
	// BodyAhead returns how many bytes of the body, as the protocol frames it, have been
	// read and not been used, and how many more fit where they are.
	BodyAhead() (received, room int64)
	// DetachBody is [Request.DetachBody], AttachBody [Request.AttachBody].
	DetachBody(r *Request) (BodyFlow, error)
	AttachBody(r *Request, f BodyFlow) error
	// DropBody reads and drops the body of a request that has been told to discard it,
	// and goes on with that while the request waits. It clears the length and Chunked of
	// r.In: from then on the request has no body. A Result other than OK refuses the body.
	DropBody(r *Request) Result
	// DropsBody reports whether the body is being dropped on another goroutine.
	DropsBody() bool

	// Continue sends the response 100 (RFC 9110, 15.2.1).
	Continue(r *Request) error
	// SendHints sends the visible fields of r.Out as a response 103 (RFC 8297).
	SendHints(r *Request) error
	// SendHead writes the head of the response, which is sent with the first bytes of the
	// body, and decides how the client will find the end of the body. Where it returns
	// Error it has called [Request.Broken].
	SendHead(r *Request) Result
	// Write frames a piece of the body and sends it, at once or together with what follows.
	// o and its memory are the caller's again when it returns. Before it returns an error it
	// calls [Request.Broken].
	Write(r *Request, o *Out) error
	// Flush sends what waits to be sent.
	Flush(r *Request) error
	// Finish is called once when the request is answered, before it is logged. It sends
	// what waits, and reads what is to be read of the rest of the body.
	Finish(r *Request)
	// Pending returns how many bytes wait to be sent; TakeBack drops the last n of them.
	Pending() int
	TakeBack(n int)
	// Overdue reports whether as much waits to be sent as postpone_output asks for.
	Overdue(r *Request) bool
	// OnBlocked makes fn be called once when a write is about to wait for the client;
	// nil undoes it. Blocked calls it because the request waits for limit_rate instead.
	OnBlocked(fn func())
	Blocked()

	// Watch is [Request.Watch], Unwatch [Request.Unwatch]; EndWaits ends all watched
	// waits, because the request has failed. Any goroutine may call them.
	Watch(w Waiter) bool
	Unwatch(w Waiter)
	EndWaits()
	// HungUp is [Request.ClientGone], Closed [Request.ClientClosed]. Any goroutine may
	// call them.
	HungUp() (bool, error)
	Closed() bool
	// LogLeft logs that the client has left, where the protocol has words of its own for that. False:
	// those of the request's state are to be used.
	LogLeft(r *Request) bool

	// Hijack is [Request.Hijack].
	Hijack() Hijacked
}
