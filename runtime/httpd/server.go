package httpd

import (
	"errors"
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/listen"
	"github.com/sluiceproxy/sluice/runtime/regex"
)

// Server is a server block.
type Server struct {
	Name  string // the first server_name, $server_name
	Block *conf.Block
	Conf  *settings.Server
	Root  *Location // the server's own settings and its locations

	// TLS are the server's TLS settings, made by the ssl module; nil without
	// certificates. VerifyClient: a client certificate matters.
	TLS          *front.TLS
	VerifyClient bool
	tlsHTTP2     *front.TLS // TLS where HTTP/2 is offered, too; nil where no address of the server does that
	// HTTP2 are the settings of HTTP/2.
	HTTP2 settings.HTTP2
	// Issued is the certificate of acme_certificate, nil without one.
	Issued *acme.Entry
	// CheckTLS judges a request on a TLS connection (client certificates).
	CheckTLS Handler
	// AllowConnect: CONNECT requests have a handler (tunnel_pass) somewhere in the server.
	AllowConnect bool

	names   []serverName
	listens []*listening
}

type serverName struct {
	name string
	re   *regex.Regex
}

// addServer handles the server directive.
func (b *Builder) addServer(cmd *conf.Cmd) error {
	s := &Server{}
	s.Block = cmd.Block.Child(conf.Server, cmd.Node)
	s.Root = b.locs.Write(s.Block)
	*s.Root = Location{Server: s, Block: s.Block}
	b.servers = append(b.servers, s)
	cmd.Enter(s.Block)
	return nil
}

// Names returns the server's names in lower case, a single empty one where
// none was given, and the expressions among them.
func (s *Server) Names() (names []string, regexes []*regex.Regex) {
	for _, n := range s.names {
		if n.re != nil {
			regexes = append(regexes, n.re)
		} else {
			names = append(names, n.name)
		}
	}
	if len(s.names) == 0 {
		names = []string{""}
	}
	return names, regexes
}

// ServerOf returns the server block that block is or lies in.
func (b *Builder) ServerOf(block *conf.Block) *Server {
	if s := block.Enclosing(conf.Server); s != nil {
		return b.locs.Of(s).Server
	}
	return nil
}

// Servers returns the server blocks so far.
func (b *Builder) Servers() []*Server { return b.servers }

func (b *Builder) addServerName(cmd *conf.Cmd) error {
	s := b.locs.Of(cmd.Block).Server
	for _, a := range cmd.Args {
		name := a.Value
		if err := b.checkServerName(cmd, name); err != nil {
			return err
		}
		if name == "$hostname" {
			name = b.Env.Hostname
		}
		if strings.HasPrefix(name, "~") {
			if name == "~" {
				return cmd.Errorf(`empty regex in server name "%s"`, name)
			}
			pattern := name[1:]
			re, err := b.Regex(cmd, pattern, strings.ToLower(pattern) != pattern)
			if err != nil {
				return err
			}
			s.names = append(s.names, serverName{name: pattern, re: re})
			continue
		}
		s.names = append(s.names, serverName{name: strings.ToLower(name)})
	}
	return nil
}

func (b *Builder) checkServerName(cmd *conf.Cmd, name string) error {
	if name == "" {
		return nil
	}
	c := name[0]
	if c == '*' && (len(name) < 3 || name[1] != '.') || c == '.' && len(name) < 2 {
		return cmd.Errorf(`server name "%s" is invalid`, name)
	}
	if strings.ContainsRune(name, '/') {
		cmd.Warnf(`server name "%s" has suspicious symbols`, name)
	}
	return nil
}

// completeServer completes a server after everything was set: names and the
// implied listen.
func (b *Builder) completeServer(s *Server) {
	s.Conf = b.srvConf.Of(s.Block)
	if len(s.names) == 0 {
		s.names = []serverName{{}}
	}
	s.Name = s.names[0].name
	if s.names[0].re == nil {
		s.Name = strings.TrimPrefix(s.Name, ".")
	} else {
		s.Name = "~" + s.Name
	}
	if len(s.listens) == 0 {
		port := uint16(80)
		if os.Geteuid() != 0 {
			port = 8000
		}
		l := &listening{server: s}
		l.Spec.Addr = listen.Wildcard(port)
		s.listens = append(s.listens, l)
		if _, warning := b.join(l); warning != "" { // the only listen of its server contradicts nothing
			b.Loader.Warnf("%s", warning)
		}
	}
}

func (a *Addr) buildNames(b *Builder) error {
	if !a.namesMatter() {
		return nil
	}
	var nb route.NamesBuilder[*Server]
	var names []string
	for _, s := range a.servers {
		b.Loader.Pause()
		for _, n := range s.names {
			if n.re != nil {
				nb.AddRegex(n.re, s)
				continue
			}
			switch err := nb.Add(n.name, s); {
			case err == nil:
				names = append(names, n.name)
			case errors.Is(err, route.ErrConflict):
				b.Loader.Warnf(`conflicting server name "%s" on %s, ignored`, n.name, a.Text())
			default:
				return plainError(`invalid server name or wildcard "` + n.name + `" on ` + a.Text())
			}
		}
	}
	a.Names = nb.Build()
	hash := a.Default.Root.Block.Parent.HashOf("server_names_hash", 512, 64)
	return hash.CheckHosts(names, b.Loader.Warnf)
}

// namesMatter reports whether requests are looked up by name: there is a choice
// of servers, or the only one's last expression has captures.
func (a *Addr) namesMatter() (yes bool) {
	for _, n := range a.Default.names {
		if n.re != nil {
			yes = n.re.NumCaptures() > 0
		}
	}
	return yes || len(a.servers) > 1
}

type plainError string

func (e plainError) Error() string { return string(e) }
