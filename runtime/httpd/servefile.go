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
	o.LastModified, o.LastModText = info.Mtime, r.lasting(info.LastModified())
	if r.loc.Core.ETag {
		r.setETag(r.lasting(info.ETag()))
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

// lasting returns a text of r.file that is good when post_action has opened another file.
func (r *Request) lasting(text []byte) []byte {
	if text == nil || !r.answered && r.loc.Core.PostAction == "" {
		return text
	}
	return r.Copy(text)
}

// setETag sets the ETag, or adds it to that of the response where post_action runs: the log has
// both.
func (r *Request) setETag(tag []byte) {
	if r.answered {
		r.Out.Add(h1.ETag, header.Names[h1.ETag], tag)
		return
	}
	r.Out.Set(h1.ETag, tag)
}
