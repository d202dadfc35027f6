package httpd

import "sync/atomic"

// BodyFlow is the rest of a request body while it is read beside the response, on
// a goroutine of its own. Reading changes nothing of the request; AttachBody takes
// the results over. A protocol implements it around a FlowState.
type BodyFlow interface {
	// Next returns what has come of the body, in memory that is valid until the next
	// call, and waits only while that is nothing. io.EOF: the body is complete.
	Next() ([]byte, error)
	// Done reports whether the body was read to its end.
	Done() bool
	// Interrupt makes Next end with an error. Any goroutine may call it.
	Interrupt()
	// Passed is called when the body was read and passed on to its end: from then on
	// Sleep ends when the client leaves, until then by Lose alone.
	Passed()
	// Lose ends the waits of the request: it is to end by what happened to the body. It
	// is called once at most.
	Lose()

	// State returns what the request sees of it: FlowState implements it.
	State() *FlowState
}

// FlowState is what a request sees of its BodyFlow meanwhile.
type FlowState struct {
	Size     int64         // of the whole body so far; it belongs to the reader, until whole
	whole    atomic.Bool   // the body was read to its end, and size does not change any more
	complete atomic.Bool   // ... and was passed on
	lost     chan struct{} // closed when the request is to end by what happened to the body
}

// Begin prepares for the rest of a body of which size bytes have come.
func (f *FlowState) Begin(size int64) { f.Size, f.lost = size, make(chan struct{}) }

// State implements BodyFlow.
func (f *FlowState) State() *FlowState { return f }

// Whole says that the body was read to its end.
func (f *FlowState) Whole() { f.whole.Store(true) }

// Passed implements BodyFlow.
func (f *FlowState) Passed() { f.complete.Store(true) }

// Lose implements BodyFlow.
func (f *FlowState) Lose() { close(f.lost) }

func (f *FlowState) isLost() bool {
	select {
	case <-f.lost:
		return true
	default:
		return false
	}
}
