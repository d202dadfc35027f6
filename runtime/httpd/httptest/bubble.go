package httptest

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Bubble runs the contents of an http block in memory, inside a bubble of testing/synctest
// in which fn is called; see fronttest. The server quits when fn returns.
func Bubble(t *testing.T, text string, fn func(t *testing.T, s *Server), modules ...httpd.Module) {
	t.Helper()
	fronttest.EmptyPools()
	defer fronttest.EmptyPools()
	stats := &httpd.Stats{}
	dir := tempDir(t)
	fronttest.Bubble(t, &stats.Stats, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
		s := &Server{t: t, Dir: dir, stats: stats, memory: n}
		cfg, _, err := s.load(text, modules)
		if err != nil {
			t.Fatal(err)
		}
		in.Use(s.bind(in, cfg), nil)
		fn(t, s)
	})
}

// Reload makes text the configuration of a server that Bubble has made.
func (s *Server) Reload(text string, modules ...httpd.Module) {
	s.t.Helper()
	cfg, _, err := s.load(text, modules)
	if err != nil {
		s.t.Fatal(err)
	}
	s.in.Use(s.bind(s.in, cfg), nil)
}

// Client connects to a server that Bubble has made.
func (s *Server) Client() *fronttest.Client {
	spec := netaddr.ListenSpec{Addr: netaddr.UnixAddr(s.socket)}
	return s.memory.Dial(s.in, spec.Key())
}

// Memory returns the network of a server that Bubble has made.
func (s *Server) Memory() *fronttest.Network { return s.memory }

// Instance returns what serves the connections.
func (s *Server) Instance() *front.Instance { return s.in }
