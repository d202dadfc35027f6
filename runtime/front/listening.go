package front

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Listening is an open socket, or the sockets that another process opened for
// one address. Its methods are called by one goroutine at a time.
type Listening struct {
	key       string
	lns       []*netio.Listener      // one, and those of SameAddr
	config    atomic.Pointer[Config] // the last one that had the socket
	accepting sync.WaitGroup
}

// newListening takes over ln, with those of SameAddr.
func newListening(ln *netio.Listener) *Listening {
	return &Listening{key: ln.Key(), lns: append([]*netio.Listener{ln}, ln.SameAddr()...)}
}

// each calls fn for each socket.
func (ls *Listening) each(fn func(*netio.Listener)) {
	for _, ln := range ls.lns {
		fn(ln)
	}
}

// start begins to accept, or begins again after stop.
func (ls *Listening) start(s *Instance) {
	ls.each(func(ln *netio.Listener) {
		ln.Start()
		ls.accepting.Go(func() { s.accept(ls, ln) })
	})
}

// stop ends accepting. The sockets stay open.
func (ls *Listening) stop() {
	ls.each((*netio.Listener).Stop)
	ls.accepting.Wait()
}

// backlogLimit bounds how many connections acceptBacklog accepts from one socket,
// where new ones arrive faster than it accepts them.
const backlogLimit = 1 << 16

// acceptBacklog accepts the connections that wait in the sockets of a stopped Listening.
func (ls *Listening) acceptBacklog(s *Instance) {
	ls.each(func(ln *netio.Listener) {
		for range backlogLimit {
			nc := ln.TryAccept()
			if nc == nil {
				return
			}
			s.admit(ls, nc)
		}
	})
}

// close closes the sockets: the first one closes those of its SameAddr.
func (ls *Listening) close() {
	_ = ls.lns[0].Close() // it is not used any more
}

// accept takes connections from one socket until it is stopped or closed.
func (s *Instance) accept(ls *Listening, ln *netio.Listener) {
	ln.OnError = s.acceptFailed
	for {
		nc, err := ln.Accept()
		if err != nil {
			if errors.Is(err, netio.ErrClosed) || errors.Is(err, netio.ErrStopped) {
				return
			}
			s.log.Load().Fail(errlog.Alert, err)
			continue
		}
		s.admit(ls, nc)
		// Connections are served in the order in which they came: of several
		// goroutines that became ready, the scheduler would run the last one first.
		runtime.Gosched()
	}
}

// admit begins to serve a connection.
func (s *Instance) admit(ls *Listening, nc Transport) {
	if !s.makeRoom() {
		s.stats.Accepted.Add(1)
		s.log.Load().Log(errlog.Alert, 0, nil, nil, "%d worker_connections are not enough", s.connLimit.limit.Load())
		nc.Release()
		return
	}
	s.live.Add(1)
	c := newConn(s, ls, nc)
	c.Refresh()
	if cfg := ls.config.Load(); c.cfg == nil && cfg != nil && (*cfg).Hold() {
		// The address was dropped while the connection waited to be accepted: the
		// configuration that listened serves it. Use holds that until no socket of
		// it accepts any more.
		c.take(cfg, (*cfg).Endpoint(ls.key, nc))
	}
	s.goroutines.run(c.serveFn)
}
