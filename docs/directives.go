// Package docs keeps the documentation that is generated in step with the program.
package docs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

//go:generate go test . -run "TestDirectives|TestLint|TestMessages" -update

// Directives is directives.md: every directive of the reference as l treats it.
func Directives(l *conf.Loader) []byte {
	var b bytes.Buffer
	count := map[conf.Status]int{}
	specs := l.Specs()
	for _, s := range specs {
		count[l.Support(s)]++
	}
	fmt.Fprintf(&b, `# Directives

All directives of nginx and those of our own, and what this build does with each. This page is generated from the tables by
which the configuration is loaded; after a change to them run `+"`go generate ./docs`"+`.

- **works**: does what nginx documents (%d)
- **partly**: works except for the case that is named, which causes a warning or an error (%d)
- **no effect**: a hint for a mechanism of nginx that does not exist here; its form is checked (%d)
- **refused**: `+"`\"x\" is known to nginx but not supported here`"+` (%d). No directive that would change what a
  server does is accepted and then ignored.

*plus* marks directives of the commercial nginx, *own* those that nginx does not have there. The defaults are nginx's, except
that of server_tokens, see [ADR 10](adr/0010-server-header-names-the-product.md).

Our own:

- `+"`proxy_protocol on | off | v1 | v2`"+`: connections to the servers of proxy_pass begin with the header of the PROXY protocol, of
  version 1 (on, v1) or 2, which names the client as realip left it ([ADR 46](adr/0046-proxy-protocol-to-http-peers.md)).
- `+"`acme_hook issuer [uri=...]`"+`, which Angie has: the location meets the challenges of an issuer with `+"`challenge dns-01`"+`
  ([ADR 50](adr/0050-the-master-asks-the-ca.md)).
- `+"`proxy_cache_rfc9111 on | off`, and the same for fastcgi, uwsgi and scgi"+`: the cache does what RFC 9111 asks where nginx does
  otherwise ([ADR 47](adr/0047-rfc9111-behind-one-switch.md)).
`, count[conf.Supported], count[conf.Partial], count[conf.Hint], count[conf.Unsupported])
	module := ""
	for _, s := range specs {
		if s.Module != module {
			module = s.Module
			fmt.Fprintf(&b, "\n## %s\n\n| directive | where | arguments | default | here |\n|---|---|---|---|---|\n", module)
		}
		name := "`" + s.Name + "`"
		if s.Plus {
			name += " *plus*"
		}
		if s.Own {
			name += " *own*"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, s.Contexts, arguments(s), defaultOf(s), status(l, s))
	}
	return b.Bytes()
}

// arguments words what a directive takes.
func arguments(s *conf.Spec) string {
	var words string
	switch {
	case s.Flag:
		words = "`on` or `off`"
	case s.Counts != nil:
		list := make([]string, len(s.Counts))
		for i, n := range s.Counts {
			list[i] = strconv.Itoa(n)
		}
		words = strings.Join(list, " or ")
	case s.Max < 0 && s.Min == 0:
		words = "any"
	case s.Max < 0:
		words = strconv.Itoa(s.Min) + " or more"
	case s.Min == s.Max:
		words = strconv.Itoa(s.Min)
	default:
		words = strconv.Itoa(s.Min) + " to " + strconv.Itoa(s.Max)
	}
	switch {
	case s.Block && words == "0":
		return "block"
	case s.Block:
		return words + ", block"
	}
	return words
}

func defaultOf(s *conf.Spec) string {
	if s.Default == "" || s.Default == "-" {
		return ""
	}
	return "`` " + strings.ReplaceAll(s.Default, "|", `\|`) + " ``"
}

func status(l *conf.Loader, s *conf.Spec) string {
	switch l.Support(s) {
	case conf.Supported:
		return "works"
	case conf.Hint:
		return "no effect: " + l.Why(s)
	case conf.Partial:
		return "partly: " + l.Why(s)
	}
	return "refused"
}
