package explain

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
)

// matchNames are the words for the kinds of server names.
var matchNames = [...]string{"exact", "leading wildcard", "trailing wildcard", "regex"}

// server says why the server block has the request.
func (x *Explainer) server(addr *httpd.Addr, s *httpd.Server, host []byte, sni string) *Server {
	out := &Server{At: place(s.Block.Node), Name: s.Name, Match: "default", Others: []ServerName{}}
	if addr.Names == nil {
		out.Match = "only"
		return out
	}
	if sni = strings.ToLower(sni); sni != "" && sni != string(host) {
		first := addr.Names.Matches(host)
		if byName := addr.Names.Matches([]byte(sni)); len(byName) > 0 && byName[0].Value == s && (len(first) == 0 || first[0].Value != s) {
			out.Match = "handshake"
			out.Name, out.NameAt = x.nameOf(s, byName[0].Kind, byName[0].Key)
			return out
		}
	}
	for i, m := range addr.Names.Matches(host) {
		name, at := x.nameOf(m.Value, m.Kind, m.Key)
		switch {
		case i == 0 && m.Value == s:
			out.Match, out.Name, out.NameAt = matchNames[m.Kind], name, at
		case m.Value != s:
			out.Others = append(out.Others, ServerName{Match: matchNames[m.Kind], Name: name, At: at})
		}
	}
	return out
}

// nameOf finds the server_name directive that a match comes from.
func (x *Explainer) nameOf(s *httpd.Server, k route.NameKind, key string) (string, *Place) {
	for _, set := range x.traced.Loader.Settings(s.Block) {
		if set.Spec.Name != "server_name" {
			continue
		}
		for _, a := range set.Node.Args {
			if nameFits(a.Value, k, key) {
				return a.Value, place(set.Node)
			}
		}
	}
	return key, nil
}

// nameFits reports whether a server name as written gives the key of a match.
func nameFits(name string, k route.NameKind, key string) bool {
	if strings.HasPrefix(name, "~") {
		return k == route.RegexName && name[1:] == key
	}
	name = strings.ToLower(name)
	switch k {
	case route.ExactName:
		return name == key || name == "."+key
	case route.LeadingWildcard:
		return name == "*."+key || name == "."+key
	case route.TrailingWildcard:
		return name == key+".*"
	}
	return false
}

// verdicts are the words for why a location was not chosen.
var verdicts = [...][2]string{
	route.Chosen:     {"around", "is around the one chosen"},
	route.Shorter:    {"shorter", "matches, a longer prefix does, too"},
	route.Overridden: {"overridden", "is the longest prefix, a regular expression goes before it"},
	route.Mismatch:   {"mismatch", "does not match"},
	route.Late:       {"late", "would match, another expression comes first"},
	route.Barred:     {"barred", "would match, expressions are not tried behind ^~"},
	route.Needless:   {"needless", "would match, an exact match ends the search"},
}

// candidates are the locations of the server that uri could have gone to, but
// for the one it went to.
func candidates(s *httpd.Server, uri []byte, chosen *httpd.Location) []Candidate {
	var out []Candidate
	for _, c := range s.Root.Tree.Consider(uri) {
		if c.Value == chosen {
			continue
		}
		v := verdicts[c.Verdict]
		out = append(out, Candidate{
			Location: statement(c.Value.Block.Node), At: place(c.Value.Block.Node), Reason: v[0], Text: v[1],
		})
	}
	return out
}

// locationText says which location was chosen, and how.
func locationText(l *httpd.Location) string {
	if l.Block.In(conf.Server) {
		return "no location matches, the server itself answers"
	}
	text := statement(l.Block.Node)
	switch {
	case l.Named:
		return text
	case l.Exact:
		return text + ": exact match"
	case l.Regex != nil:
		return text + ": first expression that matches"
	}
	return text + ": longest prefix"
}
