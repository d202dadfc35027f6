package explain

import (
	"fmt"
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// hook runs a module's hook and records what it does. Hooks that would contact
// another server or change files are not run.
func (c *recorder) hook(r *httpd.Request, p httpd.Phase, module string, h httpd.Handler) httpd.Result {
	c.phase, c.module, c.rule, c.from = p, module, nil, r.Location().Block
	defer func() { c.module = "" }()
	switch {
	case p == httpd.PhaseTLS:
		c.note("what a client certificate proves is not known here: it is taken as good")
		return httpd.OK
	case p == httpd.PhaseAccess:
		return c.checkAccess(r, h)
	case p == httpd.PhaseContent:
		return c.content(r, h)
	case module == "ngx_http_mirror_module":
		c.named(r, "mirror", "mirror", "a copy of the request goes there at run time")
		return httpd.Declined
	case module == "ngx_http_realip_module":
		before := r.PeerReplaced()
		rc := h(r)
		if !before && r.PeerReplaced() {
			c.named(r, "realip", "real_ip_header", "the client is "+string(r.RemoteAddr()))
		}
		return rc
	}
	return h(r)
}

// named adds a step for a directive in effect.
func (c *recorder) named(r *httpd.Request, kind, directive, text string) {
	list, _ := c.x.find(r.Location().Block, directive)
	if len(list) == 0 {
		c.step(r, Step{Kind: kind, Text: directive + ": " + text})
		return
	}
	n := list[0].Node
	c.step(r, Step{Kind: kind, Directive: statement(n), At: place(n), Text: statement(n) + ": " + text})
}

// checkAccess runs an access check.
func (c *recorder) checkAccess(r *httpd.Request, h httpd.Handler) httpd.Result {
	module := c.module
	anyone := r.Core().SatisfyAny
	if anyone && !c.inAccess() {
		c.named(r, "access", "satisfy", "one check that grants is enough")
	}
	rc, text := httpd.OK, ""
	directive := strings.TrimSuffix(strings.TrimPrefix(module, "ngx_http_"), "_module")
	if directive == "auth_request" {
		text = "another location is asked at run time; taken as granted"
		c.note("auth_request is not called: what follows holds if it grants access")
	} else {
		rc = h(r)
		text = accessText(r, rc)
	}
	s := Step{Kind: "access", Text: directive + ": " + text}
	n := c.rule
	if list, _ := c.x.find(r.Location().Block, directive); n == nil && len(list) > 0 {
		n = list[0].Node
	}
	if n != nil {
		s.Directive, s.At, s.Text = statement(n), place(n), statement(n)+": "+text
	} else if module == "ngx_http_access_module" {
		s.Text = "no allow or deny fits " + string(r.RemoteAddr())
	}
	if rc != httpd.Declined {
		s.Matched = yes(rc == httpd.OK)
	}
	if rc >= 400 {
		s.Status = int(rc)
		c.refused = true
		if c.granted {
			s.Text += ", but let it be granted"
			rc = httpd.OK
		}
	} else if rc == httpd.OK && anyone {
		c.refused = false
	}
	c.step(r, s)
	c.access = len(c.steps)
	return rc
}

// inAccess reports whether an access check was the last step.
func (c *recorder) inAccess() bool {
	return len(c.steps) > 0 && c.steps[len(c.steps)-1].Kind == "access"
}

// accessText says what a check decided.
func accessText(r *httpd.Request, rc httpd.Result) string {
	switch rc {
	case httpd.OK:
		return "grants access to " + string(r.RemoteAddr())
	case httpd.Declined:
		return "has no opinion"
	case httpd.StatusUnauthorized:
		return "asks for a password, 401"
	}
	return fmt.Sprintf("refuses %s, %d", r.RemoteAddr(), rc)
}

// content runs a content handler.
func (c *recorder) content(r *httpd.Request, h httpd.Handler) httpd.Result {
	module := c.module
	next := &Handler{Kind: strings.TrimSuffix(strings.TrimPrefix(module, "ngx_http_"), "_module")}
	if n := r.Location().ContentNode(); n != nil && n.Name.Value == module {
		next.Directive, next.At = statement(n), place(n)
	}
	switch module {
	case "ngx_http_static_module", "ngx_http_gzip_static_module", "ngx_http_index_module", "ngx_http_autoindex_module":
		c.files(r, next)
	case "ngx_http_dav_module":
		if c.writes(r) {
			c.files(r, next)
			c.handler = next
			c.note("%s is for dav_methods: nothing is written here, so the answer is not known", r.MethodStr)
			return httpd.Done
		}
	}
	rc := h(r)
	switch {
	case rc == httpd.Declined || rc == httpd.Redirect || c.passed:
	case rc == httpd.StatusMovedPermanently && module == "ngx_http_static_module":
		next.Kind = "redirect"
		c.handler = next
	default:
		c.handler = next
	}
	return rc
}

// writes reports whether dav_methods has the request's method.
func (c *recorder) writes(r *httpd.Request) bool {
	list, _ := c.x.find(r.Location().Block, "dav_methods")
	for _, s := range list {
		for _, a := range s.Node.Args {
			if strings.EqualFold(a.Value, string(r.MethodStr)) {
				return true
			}
		}
	}
	return false
}

// files says which file a URI stands for.
func (c *recorder) files(r *httpd.Request, h *Handler) {
	if h.Kind == "static" {
		h.Kind = "file"
	}
	path, ok := r.MapURI()
	if !ok {
		return
	}
	h.Path = string(path)
	if h.Kind == "gzip_static" {
		h.Path += ".gz"
	}
	h.State = stateOf(h.Path)
	list, _ := c.x.find(r.Location().Block, "root", "alias")
	h.Root = &Value{Text: "root html"}
	if len(list) > 0 {
		h.Root = &Value{Text: statement(list[0].Node), At: place(list[0].Node)}
	}
}

// stateOf says what is at a path.
func stateOf(path string) string {
	info, err := os.Stat(path)
	switch {
	case os.IsPermission(err):
		return "forbidden"
	case err != nil:
		return "missing"
	case info.IsDir():
		return "directory"
	case info.Mode().IsRegular():
		return "file"
	}
	return "other"
}
