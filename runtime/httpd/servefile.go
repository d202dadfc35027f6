package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// ServeFile answers with an open regular file, from the header on: what static
// and gzip_static end with. encoding is the Content-Encoding of its bytes, nil
// for none.
func (r *Request) ServeFile(info *openfile.Info, path, encoding []byte) Result {
	r.main.action = "sending response to client"
	if r.Debugging() {
		r.Debugf("http static fd: %d", info.FD)
	}
	o := &r.Out
	o.Status = 200
	o.ContentLength = info.Size
	o.LastModified, o.LastModText = info.Mtime, info.LastModified()
	if r.loc.Core.ETag {
		r.setETag(info.ETag())
	}
	r.SetContentType()
	if encoding != nil {
		o.Add(h1.ContentEncoding, header.Names[h1.ContentEncoding], encoding)
	}
	r.AllowRanges(false)
	if rc := r.SendHeader(); rc != OK {
		return rc
	}
	if r.Proto.HeaderOnly {
		return Done
	}
	out := r.Piece()
	out.Last = true
	if info.Content != nil {
		out.Mem = info.Content
	} else {
		out.IsFile, out.FD, out.Len, out.Name = true, info.FD, info.Size, path
	}
	if err := r.Output(out); err != nil {
		return Error
	}
	return Done
}

// setETag sets the ETag, or adds it to that of the response where post_action runs: the log has
// both. tag is memory of r.file.
func (r *Request) setETag(tag []byte) {
	switch {
	case r.answered:
		r.Out.Add(h1.ETag, header.Names[h1.ETag], r.Copy(tag))
	case r.loc.Core.PostAction != "": // may open another file
		r.Out.Set(h1.ETag, r.Copy(tag))
	default:
		r.Out.Set(h1.ETag, tag)
	}
}
