package conf

import (
	"embed"
	"strconv"
	"strings"
	"sync"
)

//go:embed reference/*.tsv
var referenceFiles embed.FS

// Context is a set of block kinds, named as in reference/directives.tsv.
type Context uint64

// The block kinds of the language.
const (
	Main Context = 1 << iota
	Events
	HTTP
	Server
	ServerIf
	Location
	LocationIf
	LimitExcept
	Upstream
	Types
	Map
	Geo
	NumMap
	Match
	Mgmt
	ACMEIssuer
	OIDCProvider
	OTelExporter
	Stream
	StreamServer
	StreamUpstream
	Mail
	MailServer
)

// contextNames are the words of the contexts column, in the order of the bits.
const contextNames = "main events http server server_if location location_if limit_except upstream " +
	"types map geo num_map match mgmt acme_issuer oidc_provider otel_exporter " +
	"stream stream_server stream_upstream mail mail_server"

// String lists the kinds by name: "http, server".
func (c Context) String() string {
	var words []string
	for i, n := range strings.Fields(contextNames) {
		if c&(1<<i) != 0 {
			words = append(words, n)
		}
	}
	return strings.Join(words, ", ")
}

func parseContexts(list string) (c Context) {
	names := strings.Fields(contextNames)
	for word := range strings.SplitSeq(list, ",") {
		for i, n := range names {
			if n == word {
				c |= 1 << i
			}
		}
	}
	return c
}

// Spec is the row of the reference for one directive.
type Spec struct {
	Name     string
	Module   string
	Contexts Context
	Min, Max int // bounds on the number of arguments; Max < 0: none
	Counts   []int
	Flag     bool // one argument, on or off
	Block    bool // opens a block
	Default  string
	Since    string
	Plus     bool // commercial only
	Own      bool // not nginx's, see [Module.Announce]
	Once     bool // a second use in the same block "is duplicate"
}

// Allows reports whether n arguments are acceptable.
func (s *Spec) Allows(n int) bool {
	for _, c := range s.Counts {
		if n == c {
			return true
		}
	}
	return s.Counts == nil && n >= s.Min && (s.Max < 0 || n <= s.Max)
}

// Reference returns the rows of reference/directives.tsv. The slice is shared
// and must not be modified.
var Reference = sync.OnceValue(func() []Spec {
	data, err := referenceFiles.ReadFile("reference/directives.tsv")
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")[1:]
	specs := make([]Spec, 0, len(lines))
	for _, line := range lines {
		f := strings.Split(line, "\t")
		s := Spec{
			Name: f[0], Module: f[1], Contexts: parseContexts(f[2]), Block: f[4] == "yes",
			Default: f[5], Since: f[6], Plus: f[7] == "plus", Once: f[8] == "no",
		}
		s.setCount(f[3])
		specs = append(specs, s)
	}
	return specs
})

// specsByName are the rows of Reference by the name of the directive.
var specsByName = sync.OnceValue(func() map[string][]*Spec {
	all := Reference()
	byName := make(map[string][]*Spec, len(all))
	for i := range all {
		byName[all[i].Name] = append(byName[all[i].Name], &all[i])
	}
	return byName
})

// Find returns the row of a directive of a module, nil when there is none.
func Find(name, module string) *Spec {
	for _, s := range specsByName()[name] {
		if s.Module == module {
			return s
		}
	}
	return nil
}

// setCount reads the args column: "1", "1-2", "1+", "1,3", "flag", "any",
// "block 1-2".
func (s *Spec) setCount(rule string) {
	rule = strings.TrimSpace(strings.TrimPrefix(rule, "block"))
	switch {
	case rule == "":
	case rule == "flag":
		s.Min, s.Max, s.Flag = 1, 1, true
	case rule == "any":
		s.Max = -1
	case strings.HasSuffix(rule, "+"):
		s.Min, s.Max = atoi(strings.TrimSuffix(rule, "+")), -1
	case strings.Contains(rule, ","):
		for n := range strings.SplitSeq(rule, ",") {
			s.Counts = append(s.Counts, atoi(n))
		}
	default:
		low, high, found := strings.Cut(rule, "-")
		s.Min = atoi(low)
		s.Max = s.Min
		if found {
			s.Max = atoi(high)
		}
	}
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// VariableSpec is the row of reference/variables.tsv for one variable.
type VariableSpec struct {
	Name      string // without the dollar; "arg_" for a prefix form
	Prefix    bool
	Module    string
	Subsystem string // "http" or "stream"
	Cacheable bool
	Settable  bool
	Since     string

	// Unset tells that nginx reads the variable and does not define it: it exists where a configuration sets it.
	Unset bool
}

// Variables returns the rows of reference/variables.tsv. The slice is shared
// and must not be modified.
var Variables = sync.OnceValue(func() []VariableSpec {
	data, err := referenceFiles.ReadFile("reference/variables.tsv")
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")[1:]
	specs := make([]VariableSpec, 0, len(lines))
	for _, line := range lines {
		f := strings.Split(line, "\t")
		name, prefix := strings.CutSuffix(strings.TrimPrefix(f[0], "$"), "NAME")
		specs = append(specs, VariableSpec{
			Name: name, Prefix: prefix, Module: f[1], Subsystem: f[2],
			Cacheable: f[3] != "no", Settable: f[4] == "yes", Since: f[5],
			Unset: name == "memcached_key",
		})
	}
	return specs
})

// HasVariable reports whether nginx defines a variable of that name, in lower
// case, in a subsystem, "http" or "stream".
func HasVariable(subsystem, name string) bool {
	for _, v := range Variables() {
		if v.Subsystem == subsystem && !v.Unset && (v.Name == name || v.Prefix && strings.HasPrefix(name, v.Name)) {
			return true
		}
	}
	return false
}
