package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
	"github.com/sluiceproxy/sluice/runtime/listen"
)

// listening is one address of a server's listen directive.
type listening struct {
	listen.Params
	server *Server
	node   *conf.Node // nil for a server without listen
}

// addListen handles the listen directive.
func (b *Builder) addListen(cmd *conf.Cmd) error {
	addrs, problem := listen.Addresses(cmd.Arg(0), 80, cmd.Loader.Inputs.LookupHost)
	if problem != "" {
		return cmd.Errorf(`%s in "%s" of the "listen" directive`, problem, cmd.Arg(0))
	}
	l := listening{server: b.locs.Of(cmd.Block).Server, node: cmd.Node}
	for i := 1; i < len(cmd.Args); i++ {
		if err := l.option(cmd, cmd.Arg(i)); err != nil {
			return err
		}
	}
	for _, a := range addrs {
		one := l
		one.Spec = l.At(a)
		l.server.listens = append(l.server.listens, &one)
		problem, warning := b.join(&one)
		if problem != "" {
			return cmd.Errorf("%s", problem)
		}
		if warning != "" {
			cmd.Warnf("%s", warning)
		}
	}
	return nil
}

// option reads one parameter of listen.
func (l *listening) option(cmd *conf.Cmd, p string) error {
	switch p {
	case "http2":
		cmd.Warnf(`the "listen ... http2" directive is deprecated, use the "http2" directive instead`)
		l.HTTP2 = true
		return nil
	case "quic":
		return cmd.Errorf(`the "quic" parameter requires ngx_http_v3_module`)
	}
	return l.Option(cmd, p)
}

// Addr is a listening address with the servers behind it.
type Addr struct {
	listen.Address
	Default *Server
	Names   *route.Names[*Server] // nil when only the default can be meant

	servers []*Server
}

// Servers returns the servers that listen on the address.
func (a *Addr) Servers() []*Server { return a.servers }

// join adds a listen to its address. It returns, in nginx's words, what
// contradicts the listens before, and what is only to be warned of.
func (b *Builder) join(l *listening) (problem, warning string) {
	key := l.Spec.Addr.Network() + l.Spec.Addr.String()
	a := b.addrIndex[key]
	if a == nil {
		a = &Addr{Address: listen.NewAddress(&l.Params), Default: l.server, servers: []*Server{l.server}}
		if b.addrIndex == nil {
			b.addrIndex = make(map[string]*Addr)
		}
		b.addrIndex[key] = a
		b.addrs = append(b.addrs, a)
		return "", ""
	}
	return a.join(l)
}

// join adds another server's listen to an address that is known.
func (a *Addr) join(l *listening) (problem, warning string) {
	if a.servers[len(a.servers)-1] == l.server { // a server's listens come one after the other
		return "a duplicate listen " + a.Text(), ""
	}
	if problem, warning = a.Join(&l.Params); problem != "" {
		return problem, ""
	}
	if l.Params.Default {
		a.Default = l.server
	}
	a.servers = append(a.servers, l.server)
	return "", warning
}

// ListenNode is the server's listen directive for a, nil where it has none and
// listens at the default.
func (s *Server) ListenNode(a *Addr) *conf.Node {
	for _, l := range s.listens {
		if l.Spec.Addr.Network() == a.Spec.Addr.Network() && l.Spec.Addr.String() == a.Text() {
			return l.node
		}
	}
	return nil
}
