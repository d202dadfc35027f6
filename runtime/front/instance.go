package front

import (
	"sync"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Instance has the sockets, the current configuration and the connections that are
// open. There is one per process.
type Instance struct {
	config   atomic.Pointer[Config]
	stats    *Stats
	log      atomic.Pointer[errlog.Logger]
	debug    atomic.Pointer[netaddr.AddrSet] // of debug_connection
	poller   *netio.IdlePoller
	pollers  []Poller // poller, and what AddPoller was given
	quitting atomic.Bool
	ending   atomic.Bool // see Terminate
	nextConn atomic.Uint64

	connLimit     connLimit
	reusable      reusableQueue
	noDescriptors atomic.Int64 // clock.Now().Sec of the last line about it
	starved       atomic.Int64 // clock.Now().Sec at which an accept last failed for it while nothing was idle
	goroutines    goroutinePool

	mu        sync.Mutex
	listening map[string]*Listening
	paused    bool
	shared    bool           // see SetShared
	live      sync.WaitGroup // connections

	openingMu sync.Mutex
	opening   map[*Conn]struct{} // see addOpening
}

// NewInstance returns an instance that listens nowhere yet.
func NewInstance(stats *Stats) (*Instance, error) {
	s := &Instance{stats: stats, listening: map[string]*Listening{}}
	poller, err := netio.NewIdlePoller(netio.IdlePollerOptions{Spawn: s.goroutines.run})
	if err != nil {
		return nil, err
	}
	s.poller, s.pollers = poller, []Poller{poller}
	return s, nil
}

// SetLog sets where accept problems are logged.
func (s *Instance) SetLog(l *errlog.Logger) { s.log.Store(l) }

// SetDebugConnections sets debug_connection: connections that begin from now on
// and come from addresses in set log all there is, whatever error_log says. nil
// is for none.
func (s *Instance) SetDebugConnections(set *netaddr.AddrSet) { s.debug.Store(set) }

// debugged reports whether debug_connection names a client.
func (s *Instance) debugged(a *netaddr.Addr) bool {
	set := s.debug.Load()
	return set != nil && set.Has(a)
}

// SetConnectionLimit sets worker_connections. Near the limit, connections that wait
// for a request are closed; a connection beyond it is closed at once.
func (s *Instance) SetConnectionLimit(n int) { s.connLimit.limit.Store(int64(n)) }

// Open returns the sockets that cfg needs and the instance does not have yet: those of
// inherited, which has sockets that are open already by their keys, and for the others new
// ones. On an error nothing is changed. The caller gives the result to Use or Discard.
func (s *Instance) Open(cfg Config, inherited map[string]*netio.Listener, warn func(error)) (opened []*netio.Listener, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, spec := range cfg.Sockets() {
		if _, ok := s.listening[spec.Key()]; ok {
			continue
		}
		ln := inherited[spec.Key()]
		if ln == nil {
			if ln, err = netio.Listen(&spec, warn); err != nil {
				Discard(opened)
				return nil, err
			}
		}
		opened = append(opened, ln)
	}
	return opened, nil
}

// Discard closes sockets that Open returned and that are not going to be used.
func Discard(opened []*netio.Listener) {
	for _, ln := range opened {
		_ = ln.Close()
	}
}

// Use makes cfg the current configuration: new sockets begin to accept, those
// it does not have are closed. Connections that wait for a request take it at once,
// the others when they are done with theirs.
func (s *Instance) Use(cfg Config, opened []*netio.Listener) {
	cfg.Begin()
	if old := s.config.Swap(&cfg); old != nil {
		defer (*old).Release()
		defer (*old).Retire()
	}
	defer s.eachPoller(Poller.Recall)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ln := range opened {
		ls := newListening(ln)
		s.listening[ls.key] = ls
		if !s.paused {
			ls.start(s)
		}
	}
	wanted := map[string]bool{}
	for _, spec := range cfg.Sockets() {
		wanted[spec.Key()] = true
		if ls := s.listening[spec.Key()]; ls != nil {
			ls.config.Store(&cfg)
			ls.each(func(ln *netio.Listener) { ln.Configure(&spec, nil) })
		}
	}
	for key, ls := range s.listening {
		if !wanted[key] {
			delete(s.listening, key)
			ls.stop()
			ls.acceptBacklog(s)
			ls.close()
		}
	}
}

// Listeners returns the open sockets, for handing them over.
func (s *Instance) Listeners() (out []*netio.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ls := range s.listening {
		out = append(out, ls.lns[0])
	}
	return out
}

// Live counts what has to end before Quit returns: connections, and what their protocols
// add.
func (s *Instance) Live() *sync.WaitGroup { return &s.live }

// connGone is called when a connection has ended.
func (s *Instance) connGone(c *Conn) {
	if c.evicted.Load() {
		s.connLimit.leaving.Add(-1)
	}
	s.live.Done()
}

// SetShared says whether another process accepts from the same sockets. Then
// the connections that wait in them are left to it when this one stops.
func (s *Instance) SetShared(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shared = on
}

// Pause stops accepting and lets the connections go as Quit does, and keeps the
// sockets: for another process that has them, and for Resume.
func (s *Instance) Pause() {
	s.quitting.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
	for _, ls := range s.listening {
		ls.stop()
	}
	s.eachPoller(Poller.Drain)
	s.boundOpening()
}

// Resume undoes Pause.
func (s *Instance) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.paused {
		return
	}
	s.paused = false
	s.quitting.Store(false)
	s.eachPoller(Poller.Reopen)
	for _, ls := range s.listening {
		ls.start(s)
	}
}

// BeginQuit makes each response from now on the last one of its connection. Quit or Pause follows.
func (s *Instance) BeginQuit() { s.quitting.Store(true) }

// Quit stops accepting and lets the requests under way finish; it returns when
// all connections are closed. Connections that wait for a request are closed once
// they have waited for QuitGrace, see docs/adr/0013.
func (s *Instance) Quit() {
	s.quitting.Store(true)
	s.acceptBacklog()
	s.StopListening()
	s.eachPoller(Poller.Drain)
	s.boundOpening()
	s.live.Wait()
	if cfg := s.config.Load(); cfg != nil {
		(*cfg).Release()
		(*cfg).Close()
	}
	_ = s.poller.Close() // it fails only where it is closed already
	s.goroutines.stop()
}

// acceptBacklog accepts the connections that the kernel has completed already, so
// that closing the sockets does not reset them.
func (s *Instance) acceptBacklog() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ls := range s.listening {
		ls.stop()
		if !s.shared {
			ls.acceptBacklog(s)
		}
	}
}

// StopListening closes all sockets.
func (s *Instance) StopListening() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, ls := range s.listening {
		delete(s.listening, key)
		ls.stop()
		ls.close()
	}
}

// current returns the current configuration, held for the caller.
func (s *Instance) current() *Config {
	for {
		if cfg := s.config.Load(); (*cfg).Hold() {
			return cfg
		}
	}
}
