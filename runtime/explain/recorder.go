package explain

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// recorder turns what happens to one probe into steps.
type recorder struct {
	x        *Explainer
	granted  bool // access is never refused
	probeErr error

	server  *httpd.Server
	host    []byte
	sni     string      // the name in the handshake
	block   *conf.Block // in effect at the end
	passed  bool
	turn    int
	phase   httpd.Phase // of the hook that runs
	module  string      // its module, "" between hooks
	from    *conf.Block // the block in effect when the hook began
	rule    *conf.Node  // the allow or deny that fits, in this hook
	refused bool        // by an access check
	access  int         // steps up to the last access check

	steps    []Step
	notes    []string
	handler  *Handler
	response *Response
}

// step adds one thing that happened.
func (c *recorder) step(r *httpd.Request, s Step) {
	s.Turn = max(c.turn, 1)
	s.URI = uriOf(r)
	c.steps = append(c.steps, s)
}

// note adds a remark.
func (c *recorder) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, n := range c.notes {
		if n == text {
			return
		}
	}
	c.notes = append(c.notes, text)
}

func uriOf(r *httpd.Request) string {
	if len(r.Args) == 0 {
		return string(r.URI)
	}
	return string(r.URI) + "?" + string(r.Args)
}

// event implements httpd.Tracer for the request under way.
func (c *recorder) event(r *httpd.Request, e *httpd.Event) {
	switch e.Kind {
	case httpd.EventServer:
		c.server, c.host = r.Server(), bytes.Clone(r.Host())
	case httpd.EventLocated:
		c.located(r, e.On)
	case httpd.EventLimited:
		n := r.Location().Block.Node
		c.step(r, Step{
			Kind: "limit_except", Directive: statement(n), At: place(n),
			Text: statement(n) + ": " + string(r.MethodStr) + " is not among them, the block is in effect",
		})
	case httpd.EventDirective:
		c.directive(r, e)
	case httpd.EventRule:
		c.rule = e.Node
	case httpd.EventTried:
		c.tried(r, string(e.Text), e.On)
	case httpd.EventInternal:
		c.internal(r, "to "+uriOf(r))
	case httpd.EventNamed:
		c.internal(r, "to "+string(e.Text))
		c.turn++
		c.handler = nil
		n := r.Location().Block.Node
		c.step(r, Step{Kind: "location", Directive: statement(n), At: place(n), Text: locationText(r.Location())})
	case httpd.EventStatus:
		c.status(r, e)
	case httpd.EventPass:
		if p, ok := e.Data.(*pass.Plan); ok {
			c.pass(r, p)
		}
	case httpd.EventDone:
		c.block = r.Location().Block
	}
}

// located notes the choice of a location.
func (c *recorder) located(r *httpd.Request, autoRedirect bool) {
	c.turn++
	c.handler = nil
	l := r.Location()
	s := Step{Kind: "location", Text: locationText(l), Candidates: candidates(r.Server(), r.URI, l)}
	if !l.Block.In(conf.Server) {
		s.Directive, s.At = statement(l.Block.Node), place(l.Block.Node)
	}
	switch {
	case autoRedirect:
		s.Text, s.Status = statement(l.Block.Node)+": only the last slash is missing, 301 adds it", 301
		c.handler = &Handler{Kind: "redirect", Directive: s.Directive, At: s.At}
	case l.Core.Internal && !r.Internal():
		s.Text += "; it is internal, a client gets 404"
		s.Status = 404
	}
	if l.Regex != nil {
		s.Captures = captures(r)
	}
	c.step(r, s)
}

// captures are $1, $2 and so on of the last expression.
func captures(r *httpd.Request) (list []string) {
	for i := 1; 2*i+1 < len(r.Captures()); i++ {
		list = append(list, string(r.Capture(i)))
	}
	return list
}

// tried notes that try_files or index looked for a file.
func (c *recorder) tried(r *httpd.Request, path string, found bool) {
	s := Step{Kind: "file", Value: path, Matched: yes(found), Text: path + ": is there"}
	if !found {
		s.Text = path + ": not there"
		switch stateOf(path) {
		case "directory":
			s.Text = path + ": is a directory"
		case "file":
			s.Text = path + ": is no directory"
		}
	}
	if list, _ := c.x.find(r.Location().Block, c.cause()); len(list) > 0 {
		s.Directive, s.At = statement(list[0].Node), place(list[0].Node)
	}
	c.step(r, s)
}

// directive notes an instruction of the rewrite module.
func (c *recorder) directive(r *httpd.Request, e *httpd.Event) {
	s := Step{
		Kind: e.Node.Name.Value, Directive: statement(e.Node), At: place(e.Node), Value: string(e.Text), Status: int(e.Code),
		Text: statement(e.Node),
	}
	switch s.Kind {
	case "if":
		s.Matched = yes(e.On)
		s.Text += ": does not hold, it is " + quoted(e.Text)
		if e.On {
			s.Text = statement(e.Node) + ": holds, it is " + quoted(e.Text)
		}
	case "set":
		if variable(e.Node) {
			s.Text += ": " + quoted(e.Text)
		}
	case "rewrite":
		s.Matched = yes(e.On)
		switch {
		case !e.On:
			s.Text += ": does not match"
		case e.Code != 0:
			s.Text += fmt.Sprintf(": answers %d, Location %s", e.Code, e.Text)
			c.handler = &Handler{Kind: "redirect", Directive: s.Directive, At: s.At}
		case len(r.URI) == 0:
			s.Text += ": the URI is empty"
		default:
			s.Text += ": the URI is " + uriOf(r)
		}
	case "break":
		s.Text += ": the rest of its kind is skipped"
	case "return":
		if variable(e.Node) {
			s.Text += ": " + strconv.Itoa(s.Status) + " " + quoted(e.Text)
		}
		c.handler = &Handler{Kind: "return", Directive: s.Directive, At: s.At}
	}
	c.step(r, s)
}

// internal notes that the request goes on elsewhere inside.
func (c *recorder) internal(r *httpd.Request, where string) {
	s := Step{Kind: "redirect", Text: "internally " + where}
	if d := c.cause(); d != "" {
		s.Text += ", by " + d
		if list, _ := c.x.find(c.from, d); len(list) > 0 {
			s.Directive, s.At = statement(list[0].Node), place(list[0].Node)
		}
	}
	c.step(r, s)
}

// cause is the directive by which a hook redirects.
func (c *recorder) cause() string {
	switch {
	case c.module == "ngx_http_core_module" && c.phase == httpd.PhasePreContent:
		return "try_files"
	case c.module == "ngx_http_index_module":
		return "index"
	case c.module == "ngx_http_random_index_module":
		return "random_index"
	}
	return ""
}

// status notes the code that is answered with an error page or the default
// page.
func (c *recorder) status(r *httpd.Request, e *httpd.Event) {
	if e.Node == nil {
		if e.Code < 400 {
			return // a redirect: the directive that made it is the handler
		}
		c.step(r, Step{Kind: "status", Status: int(e.Code), Text: fmt.Sprintf("%d: the default page", e.Code)})
		return
	}
	c.step(r, Step{
		Kind: "error_page", Status: int(e.Code), Directive: statement(e.Node), At: place(e.Node),
		Text: fmt.Sprintf("%d: %s", e.Code, statement(e.Node)),
	})
}

// behindAccess are the steps from the last access check on.
func (c *recorder) behindAccess() []Step { return append([]Step{}, c.steps[c.access:]...) }
