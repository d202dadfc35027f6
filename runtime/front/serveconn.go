package front

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/netio"
)

// What ServeConn fails with.
var (
	ErrNotListening = errors.New("front: the configuration does not listen at the address, or the server quits")
	ErrNoSocket     = errors.New("front: TLS needs a socket")
)

// ServeConn serves a connection that was not accepted from a socket of the instance, as if
// it had come in on the one of that key (netaddr.ListenSpec.Key): one that another program
// has accepted and handed over, or one in memory. The instance owns nc from then on, and
// has closed it where there is an error. The current configuration is to have the address;
// the socket itself need not be open. Where TLS is spoken nc is to be a *netio.Conn.
func (s *Instance) ServeConn(key string, nc Transport) error {
	err := s.serveConn(&Listening{key: key}, nc)
	if err != nil {
		nc.Release()
	}
	return err
}

// serveConn holds mu: either Quit, which takes it too, waits for the connection, or the
// connection is refused.
func (s *Instance) serveConn(ls *Listening, nc Transport) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cfg := s.config.Load()
	if cfg == nil || s.quitting.Load() {
		return ErrNotListening
	}
	end := (*cfg).Endpoint(ls.key, nc)
	if end == nil {
		return ErrNotListening
	}
	if _, ok := nc.(*netio.Conn); !ok && end.Opening().TLS != nil {
		return ErrNoSocket
	}
	ls.config.Store(cfg) // Use, which waits for mu, releases the one before only afterwards
	s.admit(ls, nc)
	return nil
}
