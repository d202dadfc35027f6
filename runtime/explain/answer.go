package explain

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// pass notes what would be sent to an upstream server.
func (c *recorder) pass(r *httpd.Request, p *pass.Plan) {
	c.passed = true
	n := r.Location().ContentNode()
	c.handler = &Handler{Kind: "pass", Directive: statement(n), At: place(n)}
	out := &Pass{URL: p.Schema + p.Host + p.URI, Servers: []Peer{}, Failures: []Value{}}
	head, body, _ := strings.Cut(string(p.Head), "\r\n\r\n")
	out.Request = []string{}
	switch {
	case p.Lines != nil:
		out.Request = p.Lines
	case head != "" && !strings.Contains(head, "\x00"): // else the protocol is none of text
		out.Request, out.Body = strings.Split(head, "\r\n"), body
	}
	if p.Block {
		out.Upstream = c.x.upstream(p.Host, p.Servers, out)
	} else {
		for i := range p.Servers {
			out.Servers = append(out.Servers, peer(&p.Servers[i], nil))
		}
	}
	if len(p.Servers) > 1 || slices.ContainsFunc(p.Servers, func(s upstream.Server) bool { return s.Host != "" }) {
		out.Method, out.Chosen = p.Method, p.Chosen
		out.Sticky, out.Bound = p.Sticky, p.Bound
	}
	if p.Proxy != "" {
		c.note("each connection to it begins with the PROXY protocol's header, version %d: %s", p.ProxyVersion, p.Proxy)
		c.note("a kept connection is used again for the same address and port of a client alone")
	}
	if p.Queue > 0 {
		c.note("if no server can take the request, it waits in a queue of at most %d", p.Queue)
	}
	for _, k := range p.Checks {
		what := "2xx or 3xx"
		if k.Match != "" {
			what = `what match "` + k.Match + `" wants`
		}
		c.note("a server that does not answer GET %s with %s is not asked", k.URI, what)
		if k.Mandatory {
			c.note("before its first check a server is not asked")
		}
	}
	if p.Servers == nil {
		c.note("the name %s is looked up by the resolver at run time", p.Host)
	}
	c.failures(r, p, out)
	c.handler.Pass = out
	c.cache(&p.Cache)
	c.note("the upstream server is not asked: its answer decides about status and fields")
}

// upstream finds the block of an upstream and its servers.
func (x *Explainer) upstream(name string, servers []upstream.Server, out *Pass) *Block {
	var block *conf.Node
	for _, b := range x.traced.Loader.Main.Children() {
		for _, s := range x.traced.Loader.Settings(b) {
			if s.Spec.Name == "upstream" && len(s.Node.Args) > 0 && strings.EqualFold(s.Node.Args[0].Value, name) {
				block = s.Node
			}
		}
	}
	if block == nil {
		return nil
	}
	var nodes []*conf.Node
	for _, n := range block.Children {
		if n.Name.Value == "server" {
			nodes = append(nodes, n)
		}
	}
	for i := range servers {
		var n *conf.Node
		if i < len(nodes) {
			n = nodes[i]
		}
		out.Servers = append(out.Servers, peer(&servers[i], n))
	}
	return &Block{Kind: "upstream", Text: statement(block), At: place(block)}
}

// peer is a server of an upstream.
func peer(s *upstream.Server, n *conf.Node) Peer {
	p := Peer{
		Directive: statement(n), At: place(n), Addresses: []string{}, Backup: s.Backup, Down: s.Down, Reason: reason(s),
	}
	for i := range s.Addrs {
		p.Addresses = append(p.Addresses, s.Addrs[i].String())
	}
	return p
}

// reason is why a server is not asked, or when alone it is.
func reason(s *upstream.Server) string {
	switch {
	case s.Down:
		return "never asked"
	case s.Drain:
		return "only for requests that are bound to it"
	case s.Host != "":
		return "its addresses are looked up at run time"
	case s.Backup:
		return "if none of the others is live"
	}
	return ""
}

// failures are the error pages that what an upstream does may lead to.
func (c *recorder) failures(r *httpd.Request, p *pass.Plan, out *Pass) {
	list, _ := c.x.find(r.Location().Block, "error_page")
	for _, s := range list {
		fits := p.Intercept || slices.ContainsFunc(s.Node.Args, func(a parser.Arg) bool {
			return a.Value == "500" || a.Value == "502" || a.Value == "503" || a.Value == "504"
		})
		if fits {
			out.Failures = append(out.Failures, Value{Text: statement(s.Node), At: place(s.Node)})
		}
	}
}

// unsent are fields that an answer from upstream does not get here.
var unsent = []string{"Server", "Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding"}

// finish reads the header that the probe was answered with.
func (c *recorder) finish(head []byte) {
	for bytes.HasPrefix(head, []byte("HTTP/1.1 1")) {
		_, head, _ = bytes.Cut(head, []byte("\r\n\r\n"))
	}
	lines := strings.Split(strings.TrimRight(string(head), "\r\n"), "\r\n")
	words := strings.SplitN(lines[0]+" ", " ", 3)
	status, err := strconv.Atoi(words[1])
	if err != nil {
		if c.server != nil && (c.handler == nil || c.handler.Kind != "dav") {
			c.note("the connection is closed without an answer")
		}
		return
	}
	c.response = &Response{Status: status, Upstream: c.passed, Fields: []Header{}}
	if c.passed {
		c.response.Status = 0
	}
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ": ")
		if name == "Date" || c.passed && slices.Contains(unsent, name) {
			continue
		}
		c.response.Fields = append(c.response.Fields, Header{Name: name, Value: value})
	}
}

// attribute says which directives the fields of an answer come from, and notes
// those that are left out.
func (x *Explainer) attribute(rec *recorder, rep *Report) {
	if rep.Response == nil {
		return
	}
	s, ok := x.setting(rec.block, "add_header")
	if ok {
		for _, v := range s.nodes {
			x.attributeField(rep, v)
		}
	}
	if list, _ := x.find(rec.block, "expires"); len(list) > 0 {
		for i := range rep.Response.Fields {
			f := &rep.Response.Fields[i]
			if f.At == nil && (f.Name == "Expires" || f.Name == "Cache-Control") {
				f.At = place(list[0].Node)
			}
		}
	}
}

// attributeField finds the field that an add_header has added.
func (x *Explainer) attributeField(rep *Report, n *conf.Node) {
	for i := range rep.Response.Fields {
		f := &rep.Response.Fields[i]
		if f.At == nil && strings.EqualFold(f.Name, n.Args[0].Value) {
			f.At = place(n)
			return
		}
	}
	if len(n.Args) == 2 && rep.Response.Status >= 400 {
		rep.note(`%s (%s) is not added to %d: it lacks "always"`, statement(n), placeText(place(n)), rep.Response.Status)
	}
}
