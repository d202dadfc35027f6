package pass

import (
	"bytes"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// freshen is revalidated where *_cache_rfc9111 is on: the fields of the 304 take the place of
// the entry's own, and decide about its freshness with those that stay (RFC 9111, sections
// 3.2 and 4.3.4).
func (x *Exchange) freshen() httpd.Result {
	c, r := &x.cached, x.R
	other := x.otherETag()
	head, changed := x.mergedHead()
	x.done()
	x.endUpload()
	c.status = cache.StatusRevalidated
	c.rules = caching.RFC9111{}
	if !x.parseCached(head) {
		r.Logf(errlog.Crit, nil, `cache file "%s" contains invalid header`, c.ref.Path())
		return x.finish(httpd.StatusInternalServerError)
	}
	c.fromStore = true
	x.judgeRFC9111(true) // a part that is stored was asked for
	switch {
	case other, !c.fresh.Keeps(), int64(len(head)) > maxHead*x.S.BufferSize:
		c.zone.Purge(r, c.query.Key)
	case changed || !c.large():
		x.renew()
	default:
		c.ref.Refresh(r, &c.entry, cache.Freshness{
			Valid: c.fresh.Valid, Date: c.fresh.Born, Updating: c.fresh.Updating, Error: c.fresh.Error,
		})
	}
	return x.replyCached()
}

// maxHead is how many times *_buffer_size the head of an entry may become by the fields that come with validations; one
// that is larger is not used again. A response's head that fits into the buffer has less than twice as many bytes as it
// is stored, where each line has a space and a CR that it came without.
const maxHead = 2

// maxRewrite is the size up to which an entry is written anew for the sake of its head whatever has
// changed. A larger one keeps its Date and Expires, by which others do not take it for fresher than
// it is, and fields without a meaning here.
const maxRewrite = 16 << 20

func (c *cached) large() bool { return c.entry.Size > maxRewrite }

// otherETag reports whether the 304 is for another representation than the open entry: it has
// another strong validator. The entry is not used again then.
func (x *Exchange) otherETag() bool {
	f := x.Response.Get(h1.ETag)
	strong := func(tag []byte) bool { return len(tag) > 0 && tag[0] == '"' }
	return f != nil && strong(f.Value) && strong(x.cached.entry.ETag) && !bytes.Equal(f.Value, x.cached.entry.ETag)
}

// mergedHead is the head of the open entry with the fields of the 304. changed says that some differ
// that count.
func (x *Exchange) mergedHead() (head []byte, changed bool) {
	c, p := &x.cached, &x.Response
	line, rest, _ := bytes.Cut(c.entry.Head, crlf)
	b := append(append(c.scratch[:0], line...), crlf...)
	large := c.large()
	same := 0 // fields of the entry that the 304 has with the same value
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, crlf)
		name, value, _ := bytes.Cut(line, colonSpace)
		replaced := h1.LookupField(name) == h1.Age // that of an entry stored without the switch
		for i := range p.Fields {
			if f := &p.Fields[i]; f.updates() && bytes.EqualFold(f.Name, name) {
				replaced = true
				if bytes.Equal(f.Value, value) && !f.varies(large) {
					same++
				}
			}
		}
		if !replaced {
			b = append(append(b, line...), crlf...)
		}
	}
	wanted := 0
	for i := range p.Fields {
		f := &p.Fields[i]
		if !f.updates() {
			continue
		}
		if !f.varies(large) {
			wanted++
		}
		b = append(append(append(append(b, f.Name...), colonSpace...), f.Value...), crlf...)
	}
	c.scratch = b
	return x.R.Copy(b), same != wanted
}

// updates reports whether a field of a 304 takes the place of the stored one. What describes the
// stored body does not, nor does what concerns the connection; a cookie is for the client that asked.
func (f *Field) updates() bool {
	switch f.ID {
	case h1.ContentLength, h1.TransferEncoding, h1.ContentEncoding, h1.ContentRange, h1.ETag, h1.Connection, h1.KeepAlive,
		h1.StatusField, h1.SetCookie, h1.XAccelRedirect, h1.XAccelBuffering, h1.XAccelLimitRate, h1.XAccelCharset:
		return false
	case h1.UnknownField:
		return !h1.EqualFold(f.Name, "content-md5") && !h1.EqualFold(f.Name, "content-digest")
	}
	return !f.Ignored
}

// varies reports whether a field does not count for writing the entry anew: it differs from one
// response to the next anyway, or has no meaning here, such as the number of a request, and
// the entry is large.
func (f *Field) varies(large bool) bool {
	return f.ID == h1.Date || f.ID == h1.Age || f.ID == h1.Expires || large && f.ID == h1.UnknownField
}

// renew stores the open entry with the head that x.Response is now.
func (x *Exchange) renew() {
	c := &x.cached
	if !x.fill() {
		return
	}
	c.filling = false // all of it is here
	if x.copyBody() {
		c.fill.Commit()
	} else {
		c.fill.Abort()
	}
}

// copyBody gives the body of the open entry to fill. False: it cannot, and the entry stays as
// it was.
func (x *Exchange) copyBody() bool {
	c := &x.cached
	e := &c.entry
	if e.Body != nil {
		_, err := c.fill.Write(e.Body)
		return err == nil // logged
	}
	b := buf.Sized(copySize)
	defer b.Free()
	for at := int64(0); at < e.Size; {
		n, err := syscall.Pread(e.FD, b.B[:min(copySize, e.Size-at)], e.Off+at)
		if err != nil || n == 0 {
			x.R.Logf(errlog.Crit, err, `pread() "%s" failed`, c.ref.Path())
			return false
		}
		if _, err := c.fill.Write(b.B[:n]); err != nil {
			return false
		}
		at += int64(n)
	}
	return true
}

// copySize is how much of a body is copied at once.
const copySize = 64 << 10
