package http1

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// ChooseTLS implements front.Endpoint. What it has chosen is a *httpd.SNIChoice.
func (e *endpoint) ChooseTLS(c *front.Conn, name string) (*front.TLS, error) {
	choice, settings, err := chooseServer(e.addr, name)
	c.Chosen = choice
	if choice.Name != "" {
		c.SetLog(choice.Server.Root.Log)
	}
	return settings, err
}

// chooseServer chooses the server by the name in a handshake, "" for none: the one whose
// server_name it is, else the default server of the address. settings are those of its TLS;
// a server without a certificate has those of the default server.
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
