package http1

import (
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Protocol serves connections with HTTP/1. There is one per process.
type Protocol struct {
	stats   *httpd.Stats
	numbers atomic.Uint64 // see Numbers of httpd.Request
}

// NewProtocol returns a Protocol that counts in stats.
func NewProtocol(stats *httpd.Stats) *Protocol { return &Protocol{stats: stats} }

// Bind returns cfg as a front.Config, whose endpoints speak HTTP/1.
func (p *Protocol) Bind(cfg *httpd.Config) front.Config {
	b := &binding{Config: cfg, endpoints: make(map[*httpd.Addr]*endpoint, len(cfg.Addrs))}
	for _, a := range cfg.Addrs {
		e := &endpoint{protocol: p, cfg: cfg, addr: a}
		core := a.Default.Root.Core
		e.opening = front.Opening{
			ProxyProtocol: a.ProxyProtocol, NoDelay: core.TCPNoDelay, Timeout: httpd.Msec(a.Default.Conf.HeaderTimeout),
			SendTimeout: httpd.Msec(core.SendTimeout), Log: a.Default.Root.Log, ResetTimedout: core.ResetTimedout,
		}
		if a.SSL {
			e.opening.TLS, e.opening.Divert = front.HandshakeConfig(nil), cfg.Divert
			if s := a.Default.TLS; s != nil && s.Config != nil {
				e.opening.TLS = front.HandshakeConfig(s.Config.EncryptedClientHelloKeys)
			}
		}
		b.endpoints[a] = e
	}
	return b
}

// binding is an httpd.Config as a front.Config. It does not change.
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

// endpoint is a listening address of a configuration as a front.Endpoint. It does not
// change.
type endpoint struct {
	protocol *Protocol
	cfg      *httpd.Config
	addr     *httpd.Addr
	opening  front.Opening
}

// Opening implements front.Endpoint.
func (e *endpoint) Opening() *front.Opening { return &e.opening }

// ChooseTLS implements front.Endpoint. What it has chosen is a *httpd.SNIChoice.
func (e *endpoint) ChooseTLS(c *front.Conn, name string) (*front.TLS, error) {
	choice, settings, err := e.addr.ChooseTLS(name)
	c.Chosen = choice
	if choice.Name != "" {
		c.SetLog(choice.Server.Root.Log)
	}
	return settings, err
}

// Serve implements front.Endpoint.
func (e *endpoint) Serve(fc *front.Conn) {
	c := newConn(fc)
	c.takeInput()
	c.loop()
}

// Evaluate implements httpd.Evaluator.
func (e *endpoint) Evaluate(fc *front.Conn, fn func(r *httpd.Request)) {
	c := newConn(fc)
	r := c.newRequest()
	fn(r)
	r.Release()
	c.recycle()
}
