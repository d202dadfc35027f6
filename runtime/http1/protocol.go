package http1

import (
	"strings"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Protocol serves connections with HTTP/1. There is one per process.
type Protocol struct {
	stats   *httpd.Stats
	numbers atomic.Uint64 // see Numbers of httpd.Request
}

// NewProtocol returns a Protocol that counts in stats.
func NewProtocol(stats *httpd.Stats) *Protocol { return &Protocol{stats: stats} }

// Bind returns cfg as front listens and serves under it.
func (p *Protocol) Bind(cfg *httpd.Config) front.Config {
	b := &binding{Config: cfg, endpoints: make(map[*httpd.Addr]*endpoint, len(cfg.Addrs))}
	for _, a := range cfg.Addrs {
		e := &endpoint{protocol: p, cfg: cfg, addr: a}
		core := a.Default.Root.Core
		e.opening = front.Opening{
			ProxyProtocol: a.ProxyProtocol, NoDelay: core.TCPNoDelay(), Timeout: httpd.Msec(a.Default.Conf.HeaderTimeout),
			SendTimeout: httpd.Msec(core.SendTimeout), Log: a.Default.Root.Log, ResetTimedout: core.ResetTimedout,
		}
		if a.SSL {
			e.opening.TLS = front.HandshakeConfig(nil)
			if s := a.Default.TLS; s != nil && s.Config != nil {
				e.opening.TLS = front.HandshakeConfig(s.Config.EncryptedClientHelloKeys)
			}
		}
		b.endpoints[a] = e
	}
	return b
}

// binding is a configuration to front.
type binding struct {
	*httpd.Config
	endpoints map[*httpd.Addr]*endpoint
}

// Endpoint implements front.Config.
func (b *binding) Endpoint(key string, s front.Socket) front.Endpoint {
	if a := b.AddrOf(key, s); a != nil {
		return b.endpoints[a]
	}
	return nil
}

// endpoint is a listening address to front.
type endpoint struct {
	protocol *Protocol
	cfg      *httpd.Config
	addr     *httpd.Addr
	opening  front.Opening
}

// Opening implements front.Endpoint.
func (e *endpoint) Opening() front.Opening { return e.opening }

// ChooseTLS implements front.Endpoint. What it has chosen is a *httpd.SNIChoice.
func (e *endpoint) ChooseTLS(c *front.Conn, name string) (*front.TLS, error) {
	choice, settings, err := chooseServer(e.addr, name)
	c.Chosen = choice
	if choice.Name != "" {
		c.SetLog(choice.Server.Root.Log)
	}
	return settings, err
}

// chooseServer returns the server that a handshake's name is for, by default that of the
// address, with its settings.
func chooseServer(a *httpd.Addr, name string) (choice *httpd.SNIChoice, settings *front.TLS, err error) {
	choice = &httpd.SNIChoice{Server: a.Default}
	if name != "" && a.Names != nil {
		if host, _, ok := h1.ValidateHost(nil, []byte(strings.ToLower(name))); ok {
			if s, re, _, ok := a.Names.Lookup(host, nil); ok {
				choice.Server, choice.Name, choice.Regex = s, string(host), re
			}
		}
	}
	settings = choice.Server.TLS
	if settings != nil && settings.Reject {
		return choice, nil, front.ErrRejected
	}
	if settings == nil {
		settings = a.Default.TLS
	}
	if settings == nil {
		return choice, nil, front.ErrRejected
	}
	return choice, settings, nil
}

// Serve implements front.Endpoint.
func (e *endpoint) Serve(fc *front.Conn) {
	c := newConn(e.protocol, fc)
	c.takeInput()
	c.loop()
}

// Evaluate implements httpd.Evaluator.
func (e *endpoint) Evaluate(fc *front.Conn, fn func(r *httpd.Request)) {
	c := newConn(e.protocol, fc)
	r := c.newRequest()
	fn(r)
	r.Release()
	c.recycle()
}
