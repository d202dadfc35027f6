package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Product and Version are what the Server header and the default error pages
// say.
const (
	Product = "sluice"
	Version = "0.1.0"
)

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
		r.keepalive = false
	}
	switch code {
	case StatusBadRequest, StatusToHTTPS, StatusCertError, StatusNoCert:
		r.lingering = false
	}
	r.Out.ContentType = nil
	core := r.loc.Core
	if !r.errorPage && len(core.errorPages.Items) > 0 && r.uriChanges != 0 {
		if !core.recursiveErrorPages {
			r.errorPage = true
		}
		for _, p := range core.errorPages.Items {
			if p.status == int(code) {
				r.trace(Event{Kind: EventStatus, Code: code, Node: p.node})
				return r.sendErrorPage(p)
			}
		}
	}
	r.trace(Event{Kind: EventStatus, Code: code})
	r.discardForPage()
	if core.msieRefresh && r.In.UserAgent&agentMSIE != 0 && (code == 301 || code == 302) {
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
	r.expectTested = true
	if r.DiscardBody() != OK {
		r.keepalive = false
	}
}

func (r *Request) sendErrorPage(p *errorPage) Result {
	if p.replace != 0 && p.replace != 200 {
		r.expectTested = true
	}
	if p.replace >= 0 {
		r.errStatus = p.replace
	}
	uri := p.target.Eval(r)
	if len(uri) > 0 && uri[0] == '/' {
		args := p.args
		if _, static := p.target.Static(); !static {
			uri, args = splitArgs(uri)
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
	r.Out.Add(h1.Location, names[h1.Location], uri)
	if r.loc.Core.msieRefresh && r.In.UserAgent&agentMSIE != 0 {
		return r.sendRefresh()
	}
	return r.sendDefaultPage(r.errStatus)
}

var methodGet = []byte("GET")

func splitArgs(uri []byte) (path, args []byte) {
	for i, c := range uri {
		if c == '?' {
			return uri[:i], uri[i+1:]
		}
	}
	return uri, nil
}

// InternalRedirect continues the request at another URI, from the server's
// rewrite phase on. Return its result.
func (r *Request) InternalRedirect(uri, args []byte) Result {
	if r.uriChanges--; r.uriChanges == 0 {
		r.Errorf(nil, `rewrite or internal redirection cycle while internally redirecting to "%s"`, uri)
		return StatusInternalServerError
	}
	if r.Debugging() {
		r.Debugf(`internal redirect: "%s?%s"`, uri, args)
	}
	r.URI, r.Args = uri, args
	clear(r.ctx)
	r.main.action = ""
	r.loc = r.srv.Root
	r.enterLocation()
	r.internal = true
	r.validUnparsed = false
	r.addURIToAlias = false
	r.validLocation = true
	r.resumeAt = atServer
	r.trace(Event{Kind: EventInternal})
	return Redirect
}

// NamedLocation continues the request in a named location. Return its result.
func (r *Request) NamedLocation(name []byte) Result {
	if r.uriChanges--; r.uriChanges == 0 {
		r.Errorf(nil, `rewrite or internal redirection cycle while redirect to named location "%s"`, name)
		return StatusInternalServerError
	}
	if len(r.URI) == 0 {
		r.Errorf(nil, `empty URI in redirect to named location "%s"`, name)
		return StatusInternalServerError
	}
	if r.Debugging() {
		r.Debugf(`test location: "%s"`, name)
	}
	l, ok := r.srv.Root.Tree.Named(name)
	if !ok {
		r.Errorf(nil, `could not find named location "%s"`, name)
		return StatusInternalServerError
	}
	if r.Debugging() {
		r.Debugf(`using location: %s "%s?%s"`, name, r.URI, r.Args)
	}
	r.internal = true
	r.uriChanged = false
	clear(r.ctx)
	r.loc = l
	r.enterLocation()
	r.resumeAt = atLocation
	r.trace(Event{Kind: EventNamed, Text: name})
	return Redirect
}

// pageTitles are the texts of the default pages.
var pageTitles = map[int]string{
	301: "301 Moved Permanently", 302: "302 Found", 303: "303 See Other", 307: "307 Temporary Redirect",
	308: "308 Permanent Redirect",
	400: "400 Bad Request", 401: "401 Authorization Required", 402: "402 Payment Required", 403: "403 Forbidden",
	404: "404 Not Found", 405: "405 Not Allowed", 406: "406 Not Acceptable", 407: "407 Proxy Authentication Required",
	408: "408 Request Time-out",
	409: "409 Conflict", 410: "410 Gone", 411: "411 Length Required", 412: "412 Precondition Failed",
	413: "413 Request Entity Too Large", 414: "414 Request-URI Too Large", 415: "415 Unsupported Media Type",
	416: "416 Requested Range Not Satisfiable", 421: "421 Misdirected Request", 429: "429 Too Many Requests",
	500: "500 Internal Server Error", 501: "501 Not Implemented", 502: "502 Bad Gateway",
	503: "503 Service Temporarily Unavailable", 504: "504 Gateway Time-out", 505: "505 HTTP Version Not Supported",
	507: "507 Insufficient Storage",
}

// pageDetails are the codes that are 400 to the client and say more.
var pageDetails = map[int][2]string{
	494: {"400 Request Header Or Cookie Too Large", "Request Header Or Cookie Too Large"},
	495: {"400 The SSL certificate error", "The SSL certificate error"},
	496: {"400 No required SSL certificate was sent", "No required SSL certificate was sent"},
	497: {"400 The plain HTTP request was sent to HTTPS port", "The plain HTTP request was sent to HTTPS port"},
}

// pages holds the default pages without and with the version.
var pages, pagesFull = makePages(Product), makePages(Product + "/" + Version)

func makePages(tail string) map[int][]byte {
	m := make(map[int][]byte, len(pageTitles)+len(pageDetails))
	end := "<hr><center>" + tail + "</center>\r\n</body>\r\n</html>\r\n"
	for code, t := range pageTitles {
		m[code] = []byte("<html>\r\n<head><title>" + t + "</title></head>\r\n<body>\r\n<center><h1>" + t +
			"</h1></center>\r\n" + end)
	}
	for code, d := range pageDetails {
		m[code] = []byte("<html>\r\n<head><title>" + d[0] + "</title></head>\r\n<body>\r\n" +
			"<center><h1>400 Bad Request</h1></center>\r\n<center>" + d[1] + "</center>\r\n" + end)
	}
	return m
}

// padding makes error pages long enough for browsers that replace short ones.
var padding = func() (p []byte) {
	for range 6 {
		p = append(p, "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"...)
	}
	return p
}()

// sendDefaultPage sends the built-in page of a code.
func (r *Request) sendDefaultPage(code int) Result {
	set := pages
	if r.loc.Core.serverTokens >= tokensOn {
		set = pagesFull
	}
	page := set[code]
	r.Out.StatusLine = nil
	r.Out.Charset, r.Out.CharsetSet = nil, false
	pad := code >= 400 && len(page) > 0 && r.loc.Core.msiePadding && r.In.UserAgent&(agentMSIE|agentChrome) != 0 && r.Version >= 1000
	if len(page) > 0 {
		r.Out.ContentType = textHTML
		r.Out.CharsetSet = true
	}
	r.Out.ContentLength = int64(len(page))
	if pad {
		r.Out.ContentLength += int64(len(padding))
	}
	r.ClearAcceptRanges()
	r.Out.ClearLastModified()
	r.Out.Remove(h1.ETag)
	r.Out.Remove(h1.ContentLength)
	if rc := r.SendHeader(); rc != OK || r.headerOnly {
		return doneIf(rc)
	}
	o := r.Piece()
	o.Mem, o.Last = page, !pad
	if err := r.Output(o); err != nil {
		return Error
	}
	if pad {
		if err := r.Send(padding); err != nil {
			return Error
		}
	}
	return Done
}

var textHTML = []byte("text/html")

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

// Respond sends status with a body, as the return directive does: a redirect
// code makes the text the Location. contentType nil means by extension.
func (r *Request) Respond(status Result, contentType, body []byte) Result {
	if rc := r.DiscardBody(); rc != OK {
		return rc
	}
	switch status {
	case 301, 302, 303, 307, 308:
		r.Out.Remove(h1.Location)
		r.Out.Add(h1.Location, names[h1.Location], body)
		return status
	}
	r.Out.Status = int(status)
	if contentType != nil {
		r.Out.ContentType = contentType
		r.Out.CharsetSet = true
	} else {
		r.SetContentType()
	}
	return r.SendBody(body)
}

// FilterFinalize replaces the response a header filter is looking at by that
// of a code: what a filter returns to refuse it.
func (r *Request) FilterFinalize(code Result) Result {
	r.Out.Reset()
	clear(r.ctx)
	return code
}
