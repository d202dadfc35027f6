package pass

import (
	"errors"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// outlet is the sending side of a connection whose peer gets answers while a request is sent: acknowledgements of HTTP/2. Who
// reads the response says what is answered, and sends it itself where nobody else is sending and there is room for it. It never
// waits: a peer may read on only when its own data has been taken.
type outlet struct {
	mu     sync.Mutex
	queue  []byte        // answers that are to be sent
	spare  []byte        // memory for the next queue
	held   bool          // somebody is sending, and sends the queue before the outlet is given up
	failed bool          // an answer could not be sent
	wake   chan struct{} // receives when the outlet is free, or there may be more room; stays with a pooled exchange
	helper chan struct{} // closed when the goroutine that sends answers has ended; nil: there was none
}

// answerRoom is the room in a socket's buffer beyond an answer that surely takes it without a wait.
const answerRoom = 1024

// Answer sends p to the peer, at the latest behind the piece of the request that is being sent. The goroutine that reads the
// response calls it.
func (x *Exchange) Answer(p []byte) {
	o := x.outlet
	o.mu.Lock()
	o.queue = append(o.queue, p...)
	size, held := len(o.queue), o.held
	o.held = true
	o.mu.Unlock()
	switch {
	case held:
	case x.conn.Net.SendRoom() >= size+answerRoom:
		x.leaveOutlet(x.conn)
	default:
		c, ended := x.conn, make(chan struct{})
		o.helper = ended
		go func() {
			defer close(ended)
			defer x.R.Caught(nil)
			x.leaveOutlet(c)
		}()
	}
}

// Unanswered is how many bytes of answers wait to be sent.
func (x *Exchange) Unanswered() int {
	o := x.outlet
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.queue)
}

// MoreRoom tells that a [Metered] framing may have more room.
func (x *Exchange) MoreRoom() {
	if o := x.outlet; o != nil {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
}

// holdOutlet waits until nobody else is sending. leaveOutlet follows.
func (x *Exchange) holdOutlet() error {
	o := x.outlet
	for {
		o.mu.Lock()
		free := !o.held
		o.held = true
		o.mu.Unlock()
		if free {
			return nil
		}
		<-o.wake
		if x.stopsUpload() {
			return errStopped
		}
	}
}

// leaveOutlet sends the answers that wait, and lets others send.
func (x *Exchange) leaveOutlet(c *upstream.Conn) {
	o := x.outlet
	for {
		o.mu.Lock()
		p := o.queue
		if len(p) == 0 || o.failed {
			o.held = false
			o.mu.Unlock()
			x.MoreRoom()
			return
		}
		o.queue, o.spare = o.spare[:0], p
		o.mu.Unlock()
		c.Net.SetWriteTimeout(msec(x.S.SendTimeout))
		if _, err := c.Write(p); err != nil { // it shows when the response is read
			o.mu.Lock()
			o.failed = true
			o.mu.Unlock()
		}
	}
}

var errStopped = errors.New("the rest of the request is not sent")

// awaitRoom waits until there is room for a piece of the body, for at most *_send_timeout.
func (x *Exchange) awaitRoom(m Metered) error {
	t := time.NewTimer(max(msec(x.S.SendTimeout), time.Millisecond))
	defer t.Stop()
	for m.Room() <= 0 {
		select {
		case <-x.outlet.wake:
		case <-t.C:
			return netio.ErrTimeout
		}
		if x.stopsUpload() {
			return errStopped
		}
	}
	return nil
}

// stopsUpload reports whether the upload under way is to end.
func (x *Exchange) stopsUpload() bool { return x.up != nil && x.up.stopped.Load() }

// closeOutlet ends the sending of answers, before the connection is kept or closed.
func (x *Exchange) closeOutlet() {
	o := x.outlet
	if o == nil {
		return
	}
	if o.helper != nil {
		select {
		case <-o.helper:
		default:
			_ = x.conn.Net.SetWriteDeadline(time.Unix(1, 0))
			<-o.helper
			_ = x.conn.Net.SetWriteDeadline(time.Time{})
		}
		o.helper = nil
	}
	if o.failed || len(o.queue) > 0 {
		x.Keepalive = false
	}
	o.queue, o.failed, o.held = o.queue[:0], false, false
	select {
	case <-o.wake:
	default:
	}
}

// open prepares the codec for the connection, where the protocol keeps something with it.
func (x *Exchange) open() {
	o, ok := x.codec.(Opener)
	if !ok {
		return
	}
	if x.outlet == nil {
		x.outlet = &outlet{wake: make(chan struct{}, 1)}
	}
	x.conn.State, x.outFrom = o.Open(x, x.conn.State, x.out.B[:x.outLen])
}
