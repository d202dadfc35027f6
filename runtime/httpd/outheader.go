package httpd

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// ClearAcceptRanges removes Accept-Ranges and forbids ranges.
func (r *Request) ClearAcceptRanges() {
	r.allowRanges = false
	r.Out.Remove(h1.AcceptRanges)
}

// AllowRanges says that the response may be cut into the ranges the client
// asked for; single restricts that to one range.
func (r *Request) AllowRanges(single bool) { r.allowRanges, r.singleRange = true, single }

// AllowSubrequestRanges says that the body of a subrequest, from Out.ContentOffset on, is a part
// of that of the main request, whose range is cut out of both.
func (r *Request) AllowSubrequestRanges() { r.subRanges = true }

// SubrequestRanges returns what AllowSubrequestRanges said.
func (r *Request) SubrequestRanges() bool { return r.subRanges }

// RangesAllowed returns what AllowRanges said.
func (r *Request) RangesAllowed() (allowed, single bool) { return r.allowRanges, r.singleRange }

// WeakenETag turns a strong ETag into a weak one, because a filter changes the
// bytes. An ETag that is not a quoted string is removed.
func (r *Request) WeakenETag() {
	h := r.Out.Find(h1.ETag)
	if h == nil {
		return
	}
	v := h.Value
	switch {
	case len(v) > 2 && v[0] == 'W' && v[1] == '/':
	case len(v) == 0 || v[0] != '"':
		h.Hidden = true
	default:
		h.Value = r.Join([]byte("W/"), v)
	}
}

// ChangeBody prepares the header of a response whose body a filter replaces by another one, of a length that is not known yet.
// lastModified keeps Last-Modified and a weak ETag.
func (r *Request) ChangeBody(lastModified bool) {
	r.Out.ClearContentLength()
	if lastModified {
		r.WeakenETag()
		return
	}
	r.Out.ClearLastModified()
	r.Out.Remove(h1.ETag)
}

// GzipVary makes "Vary: Accept-Encoding" part of the response header where
// gzip_vary is on.
func (r *Request) GzipVary(on bool) { r.Proto.GzipVary = on }
