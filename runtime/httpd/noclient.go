package httpd

import (
	"errors"
	"io"
)

// NoClient is a Carrier without a connection: the body of the request is empty or has been
// read, and what is sent is dropped. The Carriers of background requests and of those that
// explain asks about embed it.
type NoClient struct{ noClient }

type noClient struct{}

var errNoClient = errors.New("the request has no client")

// DropBody implements Carrier: nothing is to come.
func (noClient) DropBody(r *Request) Result {
	r.In.ContentLength, r.In.Chunked = 0, false
	return OK
}

// The other methods of Carrier.

func (noClient) NextBody(*Request) ([]byte, error)       { return nil, io.EOF }
func (noClient) ReadyBody(*Request, []byte) (int, error) { return 0, nil }
func (noClient) BodyAhead() (received, room int64)       { return 0, 0 }
func (noClient) DetachBody(*Request) (BodyFlow, error)   { return nil, errNoClient }
func (noClient) AttachBody(*Request, BodyFlow) error     { return errNoClient }
func (noClient) DropsBody() bool                         { return false }
func (noClient) Continue(*Request) error                 { return nil }
func (noClient) SendHints(*Request) error                { return nil }
func (noClient) SendHead(*Request) Result                { return OK }
func (noClient) Write(*Request, *Out) error              { return nil }
func (noClient) Flush(*Request) error                    { return nil }
func (noClient) Finish(*Request)                         {}
func (noClient) Pending() int                            { return 0 }
func (noClient) TakeBack(int)                            {}
func (noClient) Overdue(*Request) bool                   { return false }
func (noClient) OnBlocked(func())                        {}
func (noClient) Blocked()                                {}
func (noClient) Watch(Waiter) bool                       { return true }
func (noClient) Unwatch(Waiter)                          {}
func (noClient) EndWaits()                               {}
func (noClient) HungUp() (bool, error)                   { return false, nil }
func (noClient) Closed() bool                            { return false }
func (noClient) LogLeft(*Request) bool                   { return false }
func (noClient) Hijack() Hijacked                        { return Hijacked{} }
