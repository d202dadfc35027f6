package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// resendAfter is how long a server has to answer before the next is queried, and how
// long an exchange over TCP may take.
const resendAfter = 5 * time.Second

// Sizes of messages.
const (
	maxUDP = 4096
	maxTCP = 65535
)

// A flight is one lookup on the wire: its questions, the sockets they went out on and
// the callers that wait for the answer. Its goroutine queries one server after the
// other until all questions are answered or no caller waits any more. Answers of all
// servers that were queried are accepted.
type flight struct {
	r       *Resolver
	entry   *entry
	queries []query
	partial partial

	waiters int // guarded by Resolver.mu

	// Set before done is closed, then never changed.
	done   chan struct{}
	res    *result
	code   Code
	closed bool

	server int
	conns  []net.Conn
	in     chan message
	ctx    context.Context // ends with the flight
	cancel context.CancelFunc
}

// A query is one question and the state of its answer.
type query struct {
	qtype    uint16
	id       uint16
	wire     []byte
	answered bool
	tcp      bool // the answer over UDP was truncated
}

// A message is what a server sent.
type message struct {
	data []byte
	tcp  bool
}

// newFlight starts a lookup for e; nil if its name cannot be put into a query.
func (r *Resolver) newFlight(e *entry) *flight {
	f := &flight{
		r: r, entry: e,
		done: make(chan struct{}), in: make(chan message),
		server: int(r.server.Add(1)-1) % len(r.Servers),
	}
	if !f.ask() {
		return nil
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	r.unlist(e)
	e.flight = f
	r.counters.requests[e.kind].Add(1)
	return f
}

// caught is deferred in the goroutines of lookups: a panic ends one lookup.
func (r *Resolver) caught(failed func()) {
	if p := recover(); p != nil {
		r.Log(errlog.Panic(p))
		if failed != nil {
			failed()
		}
	}
}

// fly runs the lookup.
func (f *flight) fly() {
	defer f.land()
	defer f.r.caught(func() { f.code = ServerFailure })
	if !f.send() {
		f.nextServer()
		f.send()
	}
	timer := time.NewTimer(resendAfter)
	defer timer.Stop()
	for {
		select {
		case m := <-f.in:
			switch f.handle(m) {
			case complete:
				return
			case truncated:
				timer.Reset(resendAfter)
			}
		case <-timer.C:
			if f.abandoned() {
				return
			}
			f.nextServer()
			f.send()
			timer.Reset(resendAfter)
		case <-f.r.closing:
			f.closed = true
			return
		}
	}
}

// abandoned reports whether no caller waits for the answer, and then removes the
// flight from its entry, so that the next caller starts a new one.
func (f *flight) abandoned() bool {
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	if f.waiters > 0 {
		return false
	}
	f.code = TimedOut
	f.finish()
	return true
}

// land closes the sockets, stores the outcome and wakes the waiting callers.
func (f *flight) land() {
	f.cancel()
	for _, c := range f.conns {
		_ = c.Close()
	}
	f.r.mu.Lock()
	f.finish()
	f.r.mu.Unlock()
	close(f.done)
}

// finish moves the outcome into the cache. The caller holds Resolver.mu.
func (f *flight) finish() {
	e := f.entry
	if e.flight != f {
		return
	}
	e.flight = nil
	if f.res == nil {
		f.r.drop(e)
		return
	}
	e.res = f.res
	f.r.touch(e, time.Now().Unix())
}

// nextServer turns to the next server.
func (f *flight) nextServer() { f.server = (f.server + 1) % len(f.r.Servers) }

// send sends the questions that are not answered yet to the current server.
func (f *flight) send() bool {
	server := f.r.Servers[f.server]
	var udp net.Conn
	for i := range f.queries {
		q := &f.queries[i]
		if q.answered {
			continue
		}
		if q.tcp {
			f.sendTCP(server, q.wire)
			continue
		}
		if udp == nil {
			conn, err := f.r.Dial(f.ctx, "udp", server)
			if err != nil {
				f.log("connect()", server, err)
				return false
			}
			udp = conn
			f.conns = append(f.conns, conn)
			f.r.flights.Go(func() { f.readUDP(conn, server) })
		}
		if _, err := udp.Write(q.wire); err != nil {
			f.log("send()", server, err)
			return false
		}
	}
	return true
}

// readUDP passes on what comes in on a socket.
func (f *flight) readUDP(conn net.Conn, server netip.AddrPort) {
	defer f.r.caught(nil)
	for {
		buf := make([]byte, maxUDP)
		n, err := conn.Read(buf)
		if err != nil {
			f.log("recv()", server, err)
			return
		}
		if !f.deliver(message{buf[:n], false}) {
			return
		}
	}
}

// sendTCP sends one question over TCP, on a goroutine of its own.
func (f *flight) sendTCP(server netip.AddrPort, wire []byte) {
	f.r.flights.Go(func() {
		defer f.r.caught(nil)
		ctx, cancel := context.WithTimeout(f.ctx, resendAfter)
		defer cancel()
		conn, err := f.r.Dial(ctx, "tcp", server)
		if err != nil {
			f.log("connect()", server, err)
			return
		}
		defer func() { _ = conn.Close() }()
		defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
		data, err := exchangeTCP(conn, wire)
		if err != nil {
			f.log("recv()", server, err)
			return
		}
		f.deliver(message{data, true})
	})
}

// exchangeTCP sends a query and reads one response, each after its length.
func exchangeTCP(conn net.Conn, wire []byte) ([]byte, error) {
	framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)
	if _, err := conn.Write(framed); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	data := make([]byte, min(int(binary.BigEndian.Uint16(size[:])), maxTCP))
	_, err := io.ReadFull(conn, data)
	return data, err
}

// deliver hands a message to the flight; false when it has ended.
func (f *flight) deliver(m message) bool {
	select {
	case f.in <- m:
		return true
	case <-f.ctx.Done():
		return false
	}
}

// log reports a failed call, unless the flight caused it by ending.
func (f *flight) log(call string, server netip.AddrPort, err error) {
	if f.ctx.Err() != nil {
		return
	}
	text := err.Error()
	var errno syscall.Errno
	if errors.As(err, &errno) {
		text = errno.Error()
		if text != "" && text[0] >= 'a' && text[0] <= 'z' {
			text = string(text[0]-'a'+'A') + text[1:]
		}
		text = strconv.Itoa(int(errno)) + ": " + text
	}
	f.r.Log(call + " failed (" + text + ") while resolving, resolver: " + server.String())
}
