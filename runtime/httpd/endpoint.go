package httpd

import (
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/front"
)

// Protocol serves a connection until it is closed or parked: it reads requests, and is the Carrier of
// each. The Endpoint of the connection is an *Endpoint.
type Protocol func(c *front.Conn)

// Engine is what the requests of all configurations share. There is one per process.
type Engine struct {
	Stats   *Stats
	numbers atomic.Uint64 // see Request.Numbers

	http1, http2 Protocol
}

// NewEngine returns an Engine that counts in stats. http2 serves the connections that begin
// with it, http1 all others.
func NewEngine(stats *Stats, http1, http2 Protocol) *Engine {
	return &Engine{Stats: stats, http1: http1, http2: http2}
}

// Bind returns cfg as a front.Config, whose endpoints are *Endpoint.
func (e *Engine) Bind(cfg *Config) front.Config {
	b := &binding{Config: cfg, endpoints: make(map[*Addr]*Endpoint, len(cfg.Addrs))}
	for _, a := range cfg.Addrs {
		b.endpoints[a] = e.newEndpoint(cfg, a)
	}
	return b
}

// binding is a Config as a front.Config. It does not change.
type binding struct {
	*Config
	endpoints map[*Addr]*Endpoint
}

// Endpoint implements front.Config.
func (b *binding) Endpoint(key string, s front.Socket) front.Endpoint {
	if a := b.AddrOf(key, s); a != nil {
		return b.endpoints[a]
	}
	return nil
}

// Endpoint is a listening address of a configuration as a front.Endpoint. It does not
// change.
type Endpoint struct {
	Engine  *Engine
	Config  *Config
	Addr    *Addr
	opening front.Opening

	// ClearHTTP2 says that a connection without TLS may begin with the preface of HTTP/2.
	ClearHTTP2 bool
}

// newEndpoint returns a's endpoint.
func (e *Engine) newEndpoint(cfg *Config, a *Addr) *Endpoint {
	core := a.Default.Root.Core
	end := &Endpoint{Engine: e, Config: cfg, Addr: a, opening: front.Opening{
		ProxyProtocol: a.ProxyProtocol, NoDelay: core.TCPNoDelay, Timeout: Msec(a.Default.Conf.HeaderTimeout),
		SendTimeout: Msec(core.SendTimeout), Log: a.Default.Root.Log, ResetTimedout: core.ResetTimedout,
	}}
	end.ClearHTTP2 = !a.SSL && a.SpeaksHTTP2(a.Default)
	if a.SSL {
		end.opening.TLS, end.opening.Divert = front.HandshakeConfig(nil), cfg.Divert
		if s := a.Default.TLS; s != nil && s.Config != nil {
			end.opening.TLS = front.HandshakeConfig(s.Config.EncryptedClientHelloKeys)
		}
	}
	return end
}

// Opening implements front.Endpoint.
func (e *Endpoint) Opening() *front.Opening { return &e.opening }

// ChooseTLS implements front.Endpoint. What it has chosen is a *SNIChoice.
func (e *Endpoint) ChooseTLS(c *front.Conn, name string) (*front.TLS, error) {
	choice, settings, err := e.Addr.ChooseTLS(name)
	c.Chosen = choice
	if choice.Name != "" {
		c.SetLog(choice.Server.Root.Log)
	}
	return settings, err
}

// SpeaksHTTP2 reports whether HTTP/2 is on for a server at the address.
func (a *Addr) SpeaksHTTP2(s *Server) bool { return a.HTTP2 || s.HTTP2.On }

// Server implements front.Endpoint.
func (e *Endpoint) Server(c *front.Conn) func(*front.Conn) {
	if c.Protocol() == protocolHTTP2 {
		return e.Engine.http2
	}
	return e.Engine.http1
}

// ServeHTTP2 serves a connection without TLS that turned out to begin with the preface of
// HTTP/2, which has been given back to it (front.Conn.GiveInput).
func (e *Endpoint) ServeHTTP2(c *front.Conn) { e.Engine.http2(c) }

// NewRequest returns the next request of a connection that came in here.
func (e *Endpoint) NewRequest(fc *front.Conn, by Carrier) *Request {
	sni, _ := fc.Chosen.(*SNIChoice)
	return NewRequest(&Origin{
		Config: e.Config, Client: &fc.Client, Carrier: by, Listen: e.Addr, SNI: sni, Verbose: fc.Verbose(),
		Numbers: &e.Engine.numbers, Live: fc.Instance().Live(),
	})
}
