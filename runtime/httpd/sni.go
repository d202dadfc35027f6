package httpd

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// SNIChoice is the server that the name in a handshake has chosen, in the
// configuration of the moment.
type SNIChoice struct {
	Server *Server
	Name   string       // in lower case; "" where no name chose it
	Regex  *regex.Regex // the server_name that matched it
}

// ChooseTLS chooses the server by the name in a handshake, "" for none: the one whose
// server_name it is, else the default server of the address. settings are those of its TLS;
// a server without a certificate has those of the default server. The error is
// front.ErrRejected; the choice is made nevertheless.
func (a *Addr) ChooseTLS(name string) (choice *SNIChoice, settings *front.TLS, err error) {
	choice = &SNIChoice{Server: a.Default}
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
	s := choice.Server
	if settings == nil {
		s = a.Default
		settings = s.TLS
	}
	if settings == nil {
		return choice, nil, front.ErrRejected
	}
	if a.SpeaksHTTP2(choice.Server) {
		settings = s.tlsHTTP2
	}
	return choice, settings, nil
}

// protocolHTTP2 is the name of HTTP/2 in handshakes (RFC 9113, section 3.2).
const protocolHTTP2 = "h2"

// offerHTTP2 makes the TLS settings with which servers offer HTTP/2, where one does.
func offerHTTP2(addrs []*Addr) {
	for _, a := range addrs {
		if !slices.ContainsFunc(a.servers, a.SpeaksHTTP2) {
			continue
		}
		for _, s := range a.servers {
			if s.TLS != nil && s.TLS.Config != nil && s.tlsHTTP2 == nil {
				s.tlsHTTP2 = s.TLS.WithProtocols(append([]string{protocolHTTP2}, s.TLS.Config.NextProtos...))
			}
		}
	}
}
