package explain

import (
	"encoding/json"
	"io"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// Schema is the version of the JSON form. Fields may be added under the same
// number; their meaning changes only with another one.
const Schema = 1

// Report is what becomes of one request.
type Report struct {
	Schema  int     `json:"schema"`
	Request Request `json:"request"`
	// Listen is the socket, nil where nothing listens.
	Listen *Listen `json:"listen"`
	// Server is the server block, nil where the request gets to none.
	Server *Server `json:"server"`
	// Steps is what happens, in order, up to the answer.
	Steps []Step `json:"steps"`
	// Location is the block whose settings hold for the answer.
	Location *Block `json:"location"`
	// Handler is what answers, nil where the request is refused before.
	Handler *Handler `json:"handler"`
	// Response is the answer as far as it is known, nil where only run time
	// decides.
	Response *Response `json:"response"`
	// Granted is how it goes on where access is refused, if it were not.
	Granted *Granted `json:"granted,omitempty"`
	// Settings are the values in effect at Location.
	Settings []Setting `json:"settings"`
	// Log is what the error log would say, whatever its level.
	Log []string `json:"log"`
	// Notes say what depends on run time, and what else is worth knowing.
	Notes []string `json:"notes"`

	all bool // Question.All
}

// Request is the request as it was understood.
type Request struct {
	Method string   `json:"method"`
	Scheme string   `json:"scheme"`
	Host   string   `json:"host"`
	Target string   `json:"target"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Fields []string `json:"fields"` // those given with -H
}

// Place is a line of a file.
type Place struct {
	File string `json:"file"` // "" for -g
	Line int    `json:"line"`
}

// Listen is the socket that a request comes in on.
type Listen struct {
	Address   string `json:"address"`
	Directive string `json:"directive"` // "" where none is given
	At        *Place `json:"at"`
	TLS       bool   `json:"tls"`
	Servers   int    `json:"servers"` // that listen there
}

// Server is the server block that takes the request.
type Server struct {
	At *Place `json:"at"`
	// Match is "exact", "leading wildcard", "trailing wildcard", "regex",
	// "default"; "only": there is no other server, and names do not count; or
	// "handshake": the name in the TLS handshake decides.
	Match string `json:"match"`
	// Name is the server_name that matched, or the server's first.
	Name   string `json:"name"`
	NameAt *Place `json:"name_at"`
	// Others are servers whose names match, too, and come after.
	Others []ServerName `json:"others"`
}

// ServerName is a name that would have matched.
type ServerName struct {
	Match string `json:"match"`
	Name  string `json:"name"`
	At    *Place `json:"at"`
}

// Step is one thing that happens to the request.
type Step struct {
	// Kind is "location", "limit_except", "set", "if", "rewrite", "return",
	// "break", "access", "file", "redirect" (an internal one), "error_page",
	// "status", "mirror" or "realip".
	Kind string `json:"kind"`
	// Turn counts the choices of a location: a request has at most eleven.
	Turn int `json:"turn"`
	// Directive is the statement, without its block; "" for none.
	Directive string `json:"directive,omitempty"`
	At        *Place `json:"at,omitempty"`
	// Matched: the condition holds, the expression matches, the file is there,
	// access is granted. It is missing where that is no question.
	Matched *bool `json:"matched,omitempty"`
	// Value is what was compared, assigned, looked for or sent.
	Value string `json:"value,omitempty"`
	// URI is the URI with its arguments behind the step.
	URI string `json:"uri"`
	// Status is the code that the step answers with, 0 for none.
	Status int `json:"status,omitempty"`
	// Captures are $1, $2 and so on of a location given by an expression.
	Captures []string `json:"captures,omitempty"`
	// Candidates are the locations that were considered beside the one chosen.
	Candidates []Candidate `json:"candidates,omitempty"`
	// Text is the same in words.
	Text string `json:"text"`
}

// Candidate is a location that was not chosen.
type Candidate struct {
	Location string `json:"location"`
	At       *Place `json:"at"`
	// Reason is "around", "shorter", "overridden", "mismatch", "late",
	// "barred" or "needless"; Text is the same in words.
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// Block is a block of the configuration.
type Block struct {
	Kind string `json:"kind"` // as the reference calls it: server, location, location_if
	Text string `json:"text"`
	At   *Place `json:"at"`
	// In are the locations and the server around it, from the inside out.
	In []Block `json:"in,omitempty"`
}

// Handler is what answers a request.
type Handler struct {
	// Kind is "return", "file", "redirect", "pass", or the module.
	Kind      string `json:"kind"`
	Directive string `json:"directive,omitempty"`
	At        *Place `json:"at,omitempty"`
	// Path is the file that the URI stands for, State whether it is one: "file",
	// "directory", "missing", "forbidden" or "other"; Root the directive that
	// says where files are.
	Path  string `json:"path,omitempty"`
	State string `json:"state,omitempty"`
	Root  *Value `json:"root,omitempty"`
	// Pass is where the request is passed to.
	Pass *Pass `json:"pass,omitempty"`
}

// Pass is a request to an upstream server that would be made.
type Pass struct {
	URL string `json:"url"` // with the name of the upstream block as its host
	// Upstream is the block, nil for an address.
	Upstream *Block   `json:"upstream"`
	Method   string   `json:"method,omitempty"`
	Chosen   string   `json:"chosen,omitempty"` // what a hashing method goes to, or the request is bound to
	Sticky   string   `json:"sticky,omitempty"` // the directive that binds requests to servers
	Bound    bool     `json:"bound,omitempty"`  // the request is bound to Chosen
	Servers  []Peer   `json:"servers"`          // empty: looked up at run time
	Request  []string `json:"request"`          // the lines of its head
	Body     string   `json:"body,omitempty"`   // that *_set_body makes
	// Failures are the error pages for what the upstream may answer or fail to.
	Failures []Value `json:"failures"`
}

// Peer is a server of an upstream.
type Peer struct {
	Directive string   `json:"directive"` // "" for an address
	At        *Place   `json:"at"`
	Addresses []string `json:"addresses"`
	Backup    bool     `json:"backup,omitempty"`
	Down      bool     `json:"down,omitempty"`
	// Reason is why it is not asked, or when alone it is; "": it is one of those that are.
	Reason string `json:"reason,omitempty"`
}

// Response is the header of the answer.
type Response struct {
	Status int `json:"status"`
	// Upstream: the upstream server gives the status and fields of its own;
	// those here are what is added to a 200.
	Upstream bool     `json:"upstream"`
	Fields   []Header `json:"fields"`
}

// Header is a field of the response.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	At    *Place `json:"at,omitempty"` // the directive that adds it, where one does
}

// Granted is what follows where access is refused.
type Granted struct {
	Steps    []Step    `json:"steps"`
	Handler  *Handler  `json:"handler"`
	Response *Response `json:"response"`
}

// Setting is a directive's value in effect.
type Setting struct {
	Name   string  `json:"name"`
	Module string  `json:"module"`
	Values []Value `json:"values"`
	// Origin is the kind of the innermost block that sets it, or "default".
	Origin string `json:"origin"`
	// Hidden are those of a list further out that do not count here.
	Hidden []Value `json:"hidden,omitempty"`
	// Ineffective: the directive is accepted and does nothing.
	Ineffective string `json:"ineffective,omitempty"`
}

// Value is a directive's words and their place.
type Value struct {
	Text string `json:"text"`
	At   *Place `json:"at,omitempty"`
	// Origin is the kind of the block it stands in, for the values of a Setting.
	Origin string `json:"origin,omitempty"`
}

// WriteJSON writes the report for machines.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// place is where a statement stands, nil for none.
func place(n *conf.Node) *Place {
	if n == nil || n.File == nil {
		return nil
	}
	return &Place{File: n.File.Path, Line: n.Line}
}
