package charset

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// named is the set of a response: one of the configuration, or just a name.
type named struct {
	set  *set
	name []byte
}

// header decides what set the response is in and whether it is converted.
func (c *settings) header(r *httpd.Request) httpd.Result {
	to, rc := c.destination(r)
	if rc == httpd.Declined {
		return httpd.OK
	}
	if rc != httpd.OK {
		return rc
	}
	from, rc := c.origin(r)
	switch {
	case rc == httpd.Declined:
		setCharset(r, to.name, false)
		return httpd.OK
	case rc != httpd.OK:
		return rc
	case to.set == nil || from.set == nil:
		if to.set != from.set || !hasPrefixFold(from.name, to.name) {
			return unmapped(r, from, to)
		}
		setCharset(r, to.name, false)
		return httpd.OK
	case from.set == to.set:
		setCharset(r, to.name, true)
		return httpd.OK
	case len(r.Out.Value(h1.ContentEncoding)) > 0:
		return httpd.OK
	}
	t := c.module.table(from.set, to.set)
	if t == nil {
		return unmapped(r, from, to)
	}
	setCharset(r, to.name, true)
	if t.bytes == nil && r.Parent() == nil {
		r.Out.ClearContentLength()
	}
	f := recoders.Get().(*recoder)
	f.table = t
	r.AddBodyFilter(c.module.place, f, true)
	return httpd.OK
}

func unmapped(r *httpd.Request, from, to named) httpd.Result {
	r.Errorf(nil, noMap, from.name, to.name)
	return httpd.OK
}

// destination returns the set that the response is to be in. Declined: as it
// is.
func (c *settings) destination(r *httpd.Request) (named, httpd.Result) {
	if r.Parent() != nil {
		if name := r.Main().Out.Charset; len(name) > 0 {
			return c.named(name), httpd.OK
		}
		return named{}, httpd.Declined
	}
	o := &r.Out
	if len(o.ContentType) == 0 {
		return named{}, httpd.Declined
	}
	if len(o.ForcedCharset) > 0 {
		to := c.named(o.ForcedCharset)
		if to.set == nil {
			r.Errorf(nil, `unknown charset "%s" to override`, to.name)
			return to, httpd.Declined
		}
		return to, httpd.OK
	}
	switch {
	case c.charset.off():
		return named{}, httpd.Declined
	case len(o.Charset) > 0:
		if !c.override {
			return named{}, httpd.Declined
		}
	case !c.types.Match(o):
		return named{}, httpd.Declined
	}
	return c.eval(r, c.charset)
}

// origin returns the set that the response is in. Declined: not known.
func (c *settings) origin(r *httpd.Request) (named, httpd.Result) {
	if name := r.Out.Charset; len(name) > 0 {
		return c.named(name), httpd.OK
	}
	if c.source.off() {
		return named{}, httpd.Declined
	}
	return c.eval(r, c.source)
}

// eval returns the set that a directive chooses. A variable without a value
// ends the request.
func (c *settings) eval(r *httpd.Request, v choice) (named, httpd.Result) {
	if v.set != nil {
		return named{v.set, v.set.name}, httpd.OK
	}
	name, ok := r.Lookup(v.variable - 1)
	if !ok {
		return named{}, httpd.Error
	}
	return c.named(name), httpd.OK
}

func (c *settings) named(name []byte) named { return named{c.module.find(name), name} }

// setCharset names the set of the response. Redirects get none: old browsers
// took it for that of the next page.
func setCharset(r *httpd.Request, name []byte, replace bool) {
	o := &r.Out
	switch {
	case r.Parent() != nil:
		return
	case o.Status == int(httpd.StatusMovedPermanently) || o.Status == int(httpd.StatusFound):
		name = nil
	}
	if replace {
		o.ReplaceCharset(name)
		return
	}
	o.SetCharset(name)
}

func hasPrefixFold(s, prefix []byte) bool {
	return len(s) >= len(prefix) && bytes.EqualFold(s[:len(prefix)], prefix)
}
