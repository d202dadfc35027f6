package httpd

import (
	"errors"
	"io"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/netio"
)

// nobody is the Carrier of a request in the background: it has the facts of a client
// and none of its bytes. What is sent is dropped. It holds the configuration, and
// the Instance waits for it when it quits.
type nobody struct {
	client Client
	local  netio.Addr
	cfg    *Config // held; nil where it needs no holding
	live   *sync.WaitGroup
}

// standIn returns a nobody with the facts of r's client.
func (r *Request) standIn() *nobody {
	c := r.client
	n := &nobody{local: *c.Socket.Local(), live: r.live}
	n.client.begin(c.ID, c.Start, &c.Peer, n)
	n.client.Proxy = c.Proxy
	if c.TLS != nil {
		n.client.TLS = c.TLS.copy()
	}
	if r.cfg.hold() {
		n.cfg = r.cfg
	}
	n.live.Add(1) // that of r's connection is not done, so nobody has finished waiting
	return n
}

// end gives up what n holds.
func (n *nobody) end() {
	n.cfg.release()
	n.live.Done()
}

// Local implements Socket.
func (n *nobody) Local() *netio.Addr { return &n.local }

// TCPInfo implements Socket.
func (*nobody) TCPInfo(*netio.TCPInfo) bool { return false }

var errNobody = errors.New("a request in the background has no client")

// The methods of Carrier. The body of a request in the background has been read.

func (*nobody) NextBody(*Request) ([]byte, error)       { return nil, io.EOF }
func (*nobody) ReadyBody(*Request, []byte) (int, error) { return 0, nil }
func (*nobody) BodyAhead() (received, room int64)       { return 0, 0 }
func (*nobody) DetachBody(*Request) (*BodyFlow, error)  { return nil, errNobody }
func (*nobody) AttachBody(*Request, *BodyFlow) error    { return errNobody }
func (*nobody) DropBody(*Request) Result                { return OK }
func (*nobody) DropsBody() bool                         { return false }
func (*nobody) Continue(*Request) error                 { return nil }
func (*nobody) SendHints(*Request) error                { return nil }
func (*nobody) SendHead(*Request) Result                { return OK }
func (*nobody) Write(*Request, *Out) error              { return nil }
func (*nobody) Flush(*Request) error                    { return nil }
func (*nobody) Pending() int                            { return 0 }
func (*nobody) TakeBack(int)                            {}
func (*nobody) Overdue(*Request) bool                   { return false }
func (*nobody) OnBlocked(func())                        {}
func (*nobody) Blocked()                                {}
func (*nobody) Watch(Waiter) bool                       { return true }
func (*nobody) Unwatch(Waiter)                          {}
func (*nobody) EndWaits()                               {}
func (*nobody) HungUp() (bool, error)                   { return false, nil }
func (*nobody) Closed() bool                            { return false }
func (*nobody) Hijack() Hijacked                        { return Hijacked{} }
