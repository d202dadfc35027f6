package httpd

// BodyNext returns the next piece of the decoded body, io.EOF after the last.
// The piece is valid until the next call. [Request.BodyFailed] turns another
// error into the response.
func (r *Request) BodyNext() ([]byte, error) { return r.carrier.NextBody(r) }

// BodyReady copies what has arrived of the request body to p, decoded, without
// waiting.
func (r *Request) BodyReady(p []byte) (n int, err error) { return r.carrier.ReadyBody(r, p) }

// BodyDone reports whether the request body was read to its end.
func (r *Request) BodyDone() bool { return !r.HasBody() || r.main.Body.Done }

// DetachBody lets the rest of the body be read on another goroutine, until
// AttachBody. There must be a rest.
func (r *Request) DetachBody() (BodyFlow, error) { return r.carrier.DetachBody(r) }

// AttachBody ends what DetachBody began, once the last Read of f has returned. The
// error is for BodyFailed, unless it is that of Interrupt.
func (r *Request) AttachBody(f BodyFlow) error { return r.carrier.AttachBody(r, f) }
