package notmodified

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_not_modified_filter_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_not_modified_filter_module", Register: register}
}

func register(b *httpd.Builder, _ *conf.Module) {
	b.Plan(func(p *httpd.Plan) { p.HeaderFilter(filter) })
}

// filter replaces a response whose preconditions fail.
func filter(r *httpd.Request) httpd.Result {
	o := &r.Out
	if o.Status != 200 || r.Parent() != nil || r.NotModifiedDisabled() {
		return httpd.OK
	}
	in := &r.In
	if in.Has(h1.IfUnmodifiedSince) && !unmodified(in.Get(h1.IfUnmodifiedSince), o.LastModified) ||
		in.Has(h1.IfMatch) && !match(in.Get(h1.IfMatch), o.Find(h1.ETag), false) {
		return r.FilterFinalize(httpd.StatusPreconditionFailed)
	}
	ims, inm := in.Has(h1.IfModifiedSince), in.Has(h1.IfNoneMatch)
	if inm && r.ETagPreferred() {
		ims = false
	}
	if !ims && !inm ||
		ims && modified(r.Core(), in.Get(h1.IfModifiedSince), o.LastModified) ||
		inm && !match(in.Get(h1.IfNoneMatch), o.Find(h1.ETag), true) {
		return httpd.OK
	}
	o.Status, o.StatusLine, o.ContentType = 304, nil, nil
	o.ClearContentLength()
	o.Remove(h1.ContentLength)
	r.ClearAcceptRanges()
	o.Remove(h1.ContentEncoding)
	return httpd.OK
}

// unmodified judges If-Unmodified-Since; a response without a date fails it.
func unmodified(since []byte, last int64) bool {
	return last != -1 && date(since) >= last
}

// modified judges If-Modified-Since as if_modified_since says.
func modified(core *settings.Core, since []byte, last int64) bool {
	on, exact := core.IfModifiedSince()
	if last == -1 || !on {
		return true
	}
	at := date(since)
	return at != last && (exact || at < last)
}

// date reads an HTTP date, -1 for what is none.
func date(text []byte) int64 {
	unix, ok := h1.ParseHTTPDate(text)
	if !ok {
		return -1
	}
	return unix
}

var weakPrefix = []byte("W/")

// match looks for the response's entity tag in a list of tags. With weak, tags
// are equal whatever their strength.
func match(list []byte, etag *header.Field, weak bool) bool {
	if len(list) == 1 && list[0] == '*' {
		return true
	}
	if etag == nil {
		return false
	}
	tag := etag.Value
	if weak && len(tag) > 2 {
		tag = bytes.TrimPrefix(tag, weakPrefix)
	}
	for len(list) > 0 {
		if weak && len(list) > 2 {
			list = bytes.TrimPrefix(list, weakPrefix)
		}
		if len(tag) > len(list) {
			return false
		}
		if bytes.HasPrefix(list, tag) {
			rest := bytes.TrimLeft(list[len(tag):], " \t")
			if len(rest) == 0 || rest[0] == ',' {
				return true
			}
			list = rest
		}
		i := bytes.IndexByte(list, ',')
		if i < 0 {
			return false
		}
		list = bytes.TrimLeft(list[i:], " \t,")
	}
	return false
}
