package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/httpd/defaultpage"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// sendDefaultPage sends the built-in page of a code. A charset that the response already had stays, as in nginx: an
// upstream server has named it before X-Accel-Redirect led here, or a range of its response was refused.
func (r *Request) sendDefaultPage(code int) Result {
	page := defaultpage.Of(code, r.loc.Core.ServerTokens >= settings.TokensOn)
	r.Out.StatusLine = nil
	pad := code >= 400 && len(page) > 0 && r.loc.Core.MSIEPadding && r.In.UserAgent&(header.MSIE|header.Chrome) != 0 && r.Version >= 1000
	if len(page) > 0 {
		r.Out.ContentType = textHTML
		r.Out.CharsetSet = true
	}
	r.Out.ContentLength = int64(len(page))
	if pad {
		r.Out.ContentLength += int64(len(defaultpage.Padding))
	}
	r.ClearAcceptRanges()
	r.Out.ClearLastModified()
	r.Out.RemoveLast(h1.ETag)
	r.Out.Remove(h1.ContentLength)
	if rc := r.SendHeader(); rc != OK || r.Proto.HeaderOnly {
		return doneIf(rc)
	}
	o := r.Piece()
	o.Mem, o.Last = page, !pad
	if err := r.Output(o); err != nil {
		return Error
	}
	if pad {
		if err := r.Send(defaultpage.Padding); err != nil {
			return Error
		}
	}
	return Done
}

var textHTML = []byte("text/html")
