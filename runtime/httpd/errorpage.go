package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// HasErrorPage reports whether error_page has something for a code here.
func (r *Request) HasErrorPage(code int) bool {
	for _, p := range r.loc.Core.errorPages.Items {
		if p.status == code {
			return true
		}
	}
	return false
}

// errorPage is one error_page setting for one code.
type errorPage struct {
	status  int
	replace int // -1: keep the code, 0: the page's own, else this code
	target  *script.Value
	args    []byte
	node    *conf.Node
}

func (b *Builder) addErrorPage(c *Core, cmd *conf.Cmd) error {
	n := len(cmd.Args) - 1
	target := cmd.Arg(n)
	replace := -1
	if last := cmd.Arg(n - 1); last != "" && last[0] == '=' {
		if n == 1 {
			return cmd.Errorf(`invalid value "%s"`, last)
		}
		replace = 0
		if len(last) > 1 {
			code, ok := conf.ParseInt(last[1:])
			if !ok {
				return cmd.Errorf(`invalid value "%s"`, last)
			}
			replace = code
		}
		n--
	}
	v, err := b.Vars.Compile(target)
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	var args []byte
	if text, static := v.Static(); static && len(text) > 0 && text[0] == '/' {
		for i, ch := range text {
			if ch == '?' {
				v, args = script.Literal(string(text[:i])), text[i+1:]
				break
			}
		}
	}
	for _, a := range cmd.Args[:n] {
		code, ok := conf.ParseInt(a.Value)
		if !ok || code == 499 {
			return cmd.Errorf(`invalid value "%s"`, a.Value)
		}
		if code < 300 || code > 599 {
			return cmd.Errorf(`value "%s" must be between 300 and 599`, a.Value)
		}
		p := &errorPage{status: code, replace: replace, target: v, args: args, node: cmd.Node}
		if replace == -1 && code >= 494 && code <= 497 {
			p.replace = 400
		}
		c.errorPages.Add(cmd.Block, p)
	}
	return nil
}

// special answers with an error page, a redirect to one, or the default page:
// nginx's special response handler.
func (r *Request) special(code Result) Result {
	r.errStatus = int(code)
	if r.Debugging() {
		r.Debugf(`http special response: %d, "%s?%s"`, int(code), r.URI, r.Args)
	}
	switch code {
	case StatusBadRequest, StatusEntityTooLarge, StatusURITooLarge, StatusToHTTPS, StatusCertError, StatusNoCert,
		StatusInternalServerError, StatusNotImplemented:
		r.Proto.Keepalive = false
	}
	switch code {
	case StatusBadRequest, StatusToHTTPS, StatusCertError, StatusNoCert:
		r.Proto.Lingering = false
	}
	r.Out.ContentType = nil
	core := r.loc.Core
	if !r.errorPage && len(core.errorPages.Items) > 0 && r.uriChanges != 0 {
		if !core.recursiveErrorPages {
			r.errorPage = true
		}
		for _, p := range core.errorPages.Items {
			if p.status == int(code) {
				r.Trace(Event{Kind: EventStatus, Code: code, Node: p.node})
				return r.sendErrorPage(p)
			}
		}
	}
	r.Trace(Event{Kind: EventStatus, Code: code})
	r.discardForPage()
	if core.msieRefresh && r.In.UserAgent&header.MSIE != 0 && (code == 301 || code == 302) {
		return r.sendRefresh()
	}
	switch code {
	case StatusToHTTPS, StatusCertError, StatusNoCert, StatusHeaderTooLarge:
		r.errStatus = 400
	}
	return r.sendDefaultPage(int(code))
}

// discardForPage discards the body of a request that gets a built-in page.
func (r *Request) discardForPage() {
	r.Proto.ExpectTested = true
	if r.DiscardBody() != OK {
		r.Proto.Keepalive = false
	}
}

func (r *Request) sendErrorPage(p *errorPage) Result {
	if p.replace != 0 && p.replace != 200 {
		r.Proto.ExpectTested = true
	}
	if p.replace >= 0 {
		r.errStatus = p.replace
	}
	uri := p.target.Eval(r)
	if len(uri) > 0 && uri[0] == '/' {
		args := p.args
		if _, static := p.target.Static(); !static {
			uri, args = SplitArgs(uri)
		}
		if r.Method != h1.Head {
			r.Method, r.MethodStr = h1.Get, methodGet
		}
		return r.InternalRedirect(uri, args)
	}
	if len(uri) > 0 && uri[0] == '@' {
		return r.NamedLocation(uri)
	}
	r.discardForPage()
	switch p.replace {
	case 301, 302, 303, 307, 308:
	default:
		r.errStatus = 302
	}
	r.Out.Remove(h1.Location)
	r.Out.Add(h1.Location, header.Names[h1.Location], uri)
	if r.loc.Core.msieRefresh && r.In.UserAgent&header.MSIE != 0 {
		return r.sendRefresh()
	}
	return r.sendDefaultPage(r.errStatus)
}

var methodGet = []byte("GET")

// sendRefresh answers a redirect with a page that refreshes, for old MSIE.
func (r *Request) sendRefresh() Result {
	to := r.Out.Value(h1.Location)
	page := append(r.Alloc(len(to)*3 + 128)[:0], `<html><head><meta http-equiv="Refresh" content="0; URL=`...)
	page = h1.EscapeURI(page, to, h1.ForRefresh)
	page = append(page, "\"></head><body></body></html>\r\n"...)
	r.errStatus = 200
	r.Out.ContentType = textHTML
	r.Out.CharsetSet = true
	r.Out.Remove(h1.Location)
	r.ClearAcceptRanges()
	r.Out.ClearLastModified()
	r.Out.Remove(h1.ETag)
	return r.SendBody(page)
}
