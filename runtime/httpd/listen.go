package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/listen"
)

// listening is one address of a server's listen directive.
type listening struct {
	listen.Params
	server *Server
	node   *conf.Node // nil for a server without listen
	http2  bool
}

func (l *listening) protocols() int { return bits(l.ProxyProtocol, l.SSL, l.http2) }

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
		l.http2 = true
		return nil
	case "quic":
		return cmd.Errorf(`the "quic" parameter requires ngx_http_v3_module`)
	}
	return l.Option(cmd, p)
}
