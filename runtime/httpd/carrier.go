package httpd

// Carrier is how a request reaches its client: the one door between the engine and a
// protocol. A connection of HTTP/1 is one, and so is what stands in for the client of
// a request in the background. Its methods are called on the goroutine of the request
// unless they say otherwise; a family of subrequests has one Carrier and takes turns.
type Carrier interface {
	// NextBody is [Request.BodyNext], ReadyBody [Request.BodyReady].
	NextBody(r *Request) ([]byte, error)
	ReadyBody(r *Request, p []byte) (int, error)
	// BodyAhead returns how many bytes of the body, as the protocol frames it, have been
	// read and not been used, and how many more fit where they are.
	BodyAhead() (received, room int64)
	// DetachBody is [Request.DetachBody], AttachBody [Request.AttachBody].
	DetachBody(r *Request) (*BodyFlow, error)
	AttachBody(r *Request, f *BodyFlow) error
	// DropBody reads and drops the body of a request that has been told to discard it,
	// and goes on with that while the request waits. A Result other than OK refuses the
	// body.
	DropBody(r *Request) Result
	// DropsBody reports that DropBody is at work beside the request.
	DropsBody() bool

	// Continue sends the response 100 (RFC 9110, 15.2.1).
	Continue(r *Request) error
	// SendHints sends the visible fields of r.Out as a response 103 (RFC 8297).
	SendHints(r *Request) error
	// SendHead takes the head of the response, which leaves with the first bytes of the
	// body, and decides how the client will find the end of it. On an error the request
	// is broken off already.
	SendHead(r *Request) Result
	// Write frames and sends a piece of the body, now or together with what follows.
	// After an error the request is broken off.
	Write(r *Request, o *Out) error
	// Flush sends what waits to be sent.
	Flush(r *Request) error
	// Pending is how many bytes wait to be sent; TakeBack drops the last n of them.
	Pending() int
	TakeBack(n int)
	// Overdue reports whether as much waits to be sent as postpone_output asks for.
	Overdue(r *Request) bool
	// OnBlocked has fn called once when a write is about to wait for the client, nil
	// calls it off. Blocked says that the request waits for limit_rate instead.
	OnBlocked(fn func())
	Blocked()

	// Watch is [Request.Watch], Unwatch [Request.Unwatch]; EndWaits tells all who watch
	// that the request has failed. Any goroutine may call them.
	Watch(w Waiter) bool
	Unwatch(w Waiter)
	EndWaits()
	// HungUp is [Request.ClientGone], Closed [Request.ClientClosed]. Any goroutine may
	// call them.
	HungUp() (bool, error)
	Closed() bool

	// Hijack is [Request.Hijack].
	Hijack() Hijacked
}
