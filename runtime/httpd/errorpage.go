package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// HasErrorPage reports whether error_page has something for a code here.
func (r *Request) HasErrorPage(code int) bool {
	for _, p := range r.loc.Core.ErrorPages.Items {
		if p.Status == code {
			return true
		}
	}
	return false
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
	if !r.errorPage && len(core.ErrorPages.Items) > 0 && r.uriChanges != 0 {
		if !core.RecursiveErrorPages {
			r.errorPage = true
		}
		for _, p := range core.ErrorPages.Items {
			if p.Status == int(code) {
				r.Trace(Event{Kind: EventStatus, Code: code, Node: p.Node})
				return r.sendErrorPage(p)
			}
		}
	}
	r.Trace(Event{Kind: EventStatus, Code: code})
	r.discardForPage()
	if core.MSIERefresh && r.In.UserAgent&header.MSIE != 0 && (code == 301 || code == 302) {
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

func (r *Request) sendErrorPage(p *settings.ErrorPage) Result {
	if p.Replace != 0 && p.Replace != 200 {
		r.Proto.ExpectTested = true
	}
	if p.Replace >= 0 {
		r.errStatus = p.Replace
	}
	uri := p.Target.Eval(r)
	if len(uri) > 0 && uri[0] == '/' {
		args := p.Args
		if _, static := p.Target.Static(); !static {
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
	switch p.Replace {
	case 301, 302, 303, 307, 308:
	default:
		r.errStatus = 302
	}
	r.Out.Remove(h1.Location)
	r.Out.Add(h1.Location, header.Names[h1.Location], uri)
	if r.loc.Core.MSIERefresh && r.In.UserAgent&header.MSIE != 0 {
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
	r.Out.RemoveLast(h1.ETag)
	return r.SendBody(page)
}
