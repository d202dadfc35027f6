package pass

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Reply is the response on its way to the client: that of an attempt, or one from the cache.
type Reply struct {
	Buffering bool    // buffering is on for this response
	whole     bool    // it was complete with its header
	body      pump    // what follows the header
	flow      *duplex // both directions of an upgraded connection
	cached    cached  // what the cache has to do with it
}

// Rewriter changes fields of a response on behalf of a module
// (proxy_redirect, proxy_cookie_path and the like). A codec may implement it.
type Rewriter interface {
	// RewriteRedirect changes a Location, or the part of a Refresh that begins
	// at prefix; false leaves it alone.
	RewriteRedirect(x *Exchange, value []byte, prefix int) ([]byte, bool)
	// RewriteCookie changes a Set-Cookie.
	RewriteCookie(x *Exchange, value []byte) ([]byte, bool)
	// Redirects reports whether RewriteRedirect has anything to do here.
	Redirects() bool
}

// respond turns a complete response header into the response.
//
//go:noinline
func (x *Exchange) respond() httpd.Result {
	r := x.R
	if x.Response.Status >= 300 && x.intercept() {
		x.intercepted()
		return x.finish(httpd.Result(x.Response.Status))
	}
	x.judge()
	if f := x.Response.Get(h1.XAccelRedirect); f != nil && x.S.Ignore.V&ignoreRedirect == 0 {
		return x.accelRedirect(f.Value)
	}
	x.copyFields()
	x.allowRanges()
	// A 204 or 304 with a status line is read like any other response: a body behind it is warned of.
	bodiless := (x.Response.Status == 204 || x.Response.Status == 304) && x.Response.Line != nil
	only := r.Method == h1.Head || r.HeaderOnly() || !bodiless
	if rc := r.SendHeader(); rc != httpd.OK {
		return x.finish(rc)
	}
	if x.Upgrade {
		x.uncache()
		return x.duplex()
	}
	x.beginFill()
	if only && r.HeaderOnly() && !x.S.Store.on() && !x.cached.filling {
		return x.finish(httpd.Done)
	}
	x.codec.BeginBody(x)
	if x.Invalid {
		return x.failed(errInvalid)
	}
	return x.pump()
}

// intercept reports whether error_page, or the built-in page, answers in place of the peer.
func (x *Exchange) intercept() bool {
	status := x.Response.Status
	if status == 404 && x.S.Intercept404 {
		return true
	}
	if !x.S.InterceptErrors || !x.R.HasErrorPage(status) {
		return false
	}
	if status == 401 {
		for i := range x.Response.Fields {
			if f := &x.Response.Fields[i]; f.ID == h1.WWWAuthenticate {
				x.R.Out.Add(f.ID, f.Name, f.Value)
			}
		}
	}
	return true
}

// accelRedirect obeys X-Accel-Redirect: the request goes on inside the server.
func (x *Exchange) accelRedirect(target []byte) httpd.Result {
	r := x.R
	x.done()
	x.endUpload()
	x.cached.release()
	for i := range x.Response.Fields {
		f := &x.Response.Fields[i]
		if f.Ignored {
			continue
		}
		switch f.ID {
		case h1.ContentType, h1.SetCookie, h1.ContentDisposition, h1.CacheControl, h1.Expires, h1.AcceptRanges:
			x.copyField(f)
		}
	}
	if len(target) > 0 && target[0] == '@' {
		return r.NamedLocation(target)
	}
	uri, args, ok := h1.ParseUnsafeURI(r.Alloc(len(target)), target)
	if !ok {
		r.Errorf(nil, `unsafe URI "%s" was detected`, target)
		return httpd.StatusNotFound
	}
	if r.Method != h1.Head {
		r.Method, r.MethodStr = h1.Get, methodGet
	}
	return r.InternalRedirect(uri, args)
}

var methodGet = []byte("GET")

// copyFields makes the peer's header that of the response.
//
//go:noinline
func (x *Exchange) copyFields() {
	r, p := x.R, &x.Response
	o := &r.Out
	for i := range p.Fields {
		f := &p.Fields[i]
		if !f.Ignored && !x.S.hidden.Has(f.ID, f.Name) {
			x.copyField(f)
		}
	}
	// A peer's Server or Date that is passed is the only one.
	if !x.S.hidden.known[h1.Server] && (p.Bare || p.Has(h1.Server)) {
		o.Server = empty
	}
	if !x.S.hidden.known[h1.Date] && (p.Bare || p.Has(h1.Date)) {
		o.Date = empty
	}
	o.Status, o.StatusLine = p.Status, p.Line
	o.ContentLength = p.ContentLength
}

var empty = []byte{}

// copyField takes one field over.
func (x *Exchange) copyField(f *Field) {
	o := &x.R.Out
	switch f.ID {
	case h1.ContentLength, h1.Connection, h1.KeepAlive, h1.TransferEncoding:
	case h1.Upgrade:
		if x.R.Main().Version < httpd.VersionHTTP2 { // which has no such field (RFC 9113, section 8.2.2)
			o.Add(f.ID, f.Name, f.Value)
		}
	case h1.ContentType:
		o.ContentType = f.Value
		// A type without a charset takes that of a response before, whose X-Accel-Redirect led here, as in nginx.
		if name := charset(f.Value); name != nil {
			o.Charset, o.CharsetSet = name, false
		} else {
			o.CharsetSet = true
		}
	case h1.LastModified:
		t, ok := h1.ParseHTTPDate(f.Value)
		if !ok {
			t = -1
		}
		o.SetLastModified(f.Name, f.Value, t)
	case h1.AcceptRanges:
		x.copyAcceptRanges(f)
	case h1.Location:
		x.copyLocation(f)
	case h1.Refresh:
		value := f.Value
		if w, ok := x.codec.(Rewriter); ok && w.Redirects() {
			if i := h1.IndexFold(value, "url="); i >= 0 {
				if v, ok := w.RewriteRedirect(x, value, i+4); ok {
					value = v
				}
			}
		}
		o.Add(f.ID, f.Name, value)
	case h1.SetCookie:
		value := f.Value
		if w, ok := x.codec.(Rewriter); ok {
			if v, ok := w.RewriteCookie(x, value); ok {
				value = v
			}
		}
		o.Add(f.ID, f.Name, value)
	default:
		o.Add(f.ID, f.Name, f.Value)
	}
}

// copyLocation takes Location over. Only one that was rewritten is completed by
// absolute_redirect.
func (x *Exchange) copyLocation(f *Field) {
	value, rewritten := f.Value, false
	if w, ok := x.codec.(Rewriter); ok && w.Redirects() {
		if v, ok := w.RewriteRedirect(x, value, 0); ok {
			value, rewritten = v, true
		}
	}
	x.R.Out.Add(f.ID, f.Name, value).Verbatim = !rewritten
}

// charset returns the charset parameter of a content type, nil if there is none.
func charset(v []byte) []byte {
	for {
		i := bytes.IndexByte(v, ';')
		if i < 0 {
			return nil
		}
		v = bytes.TrimLeft(v[i+1:], " ")
		if len(v) >= 8 && h1.EqualFold(v[:8], "charset=") {
			v = bytes.TrimPrefix(v[8:], quote)
			return bytes.TrimSuffix(v, quote)
		}
	}
}

var quote = []byte{'"'}

// passTrailers makes the peer's trailers those of the response.
func (x *Exchange) passTrailers() {
	if !x.S.PassTrailers {
		return
	}
	for i := range x.Response.Trailers {
		if f := &x.Response.Trailers[i]; !x.S.hidden.Has(f.ID, f.Name) {
			x.R.Out.Trailers = append(x.R.Out.Trailers, header.Field{Name: f.Name, Value: f.Value, ID: h1.FieldID(0)})
		}
	}
}

// finish is done followed by the result for the request.
func (x *Exchange) finish(rc httpd.Result) httpd.Result {
	x.done()
	x.endUpload()
	x.endCached(rc)
	x.R.Action("sending to client")
	return rc
}
