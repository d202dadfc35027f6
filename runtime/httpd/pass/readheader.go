package pass

import (
	"errors"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// readHeader reads the response header, the interim ones before it included, for
// which *_read_timeout counts once.
func (x *Exchange) readHeader() (Fail, httpd.Result) {
	fail, rc := x.takeHeader()
	if x.up != nil && fail == 0 && rc == httpd.OK {
		x.up.answered.Store(true)
	}
	if x.headUntil != 0 {
		x.headUntil = 0
		if x.conn != nil {
			x.conn.ReadBy(0)
		}
	}
	return fail, rc
}

// headBegins makes the time for the header count from now on.
func (x *Exchange) headBegins() {
	x.headUntil = clock.Mono() + int64(msec(x.S.ReadTimeout)-x.looked)
	x.looked = 0
	x.conn.ReadBy(x.headUntil)
}

// headOver reports whether the time for the header is over. A peer that always has something to say before it is never waited
// for, and so never found late: by interim responses, or messages of FastCGI.
func (x *Exchange) headOver() bool {
	if x.headUntil == 0 {
		x.headBegins()
	}
	if clock.Mono() < x.headUntil {
		return false
	}
	_, more := x.extendHead()
	return !more
}

// takeHeader is readHeader without the end of its time.
func (x *Exchange) takeHeader() (Fail, httpd.Result) {
	r := x.R
	r.Action("reading response header from upstream")
	if r.Debugging() {
		r.Debugf("http upstream process header")
	}
	size := int(x.S.BufferSize)
	for {
		n, err := x.asked, x.askErr
		x.asked, x.askErr = 0, nil
		if n == 0 && err == nil && x.headUntil == 0 {
			x.headBegins()
		}
		switch {
		case n > 0 || err != nil:
		case x.in == nil:
			x.in, n, err = x.wait(x.S.pool, nil)
		default:
			_, n, err = x.wait(nil, x.in.B[x.inEnd:size])
		}
		if err != nil {
			return x.readFailed(err)
		}
		x.inEnd += n
		if r.Debugging() {
			r.Debugf("recv: fd:%d %d of %d", x.conn.Net.Fd(), n, size)
		}
		x.state().Received += int64(n)
		x.received = true
		if x.cached.active {
			x.cached.at = time.Now().Unix()
		}
		if fail, rc, over := x.parseHeader(); over {
			return fail, rc
		}
		if x.inEnd == size {
			r.Errorf(nil, "upstream sent too big header")
			return FailInvalidHeader, httpd.OK
		}
	}
}

// parseHeader gives the codec what was read. over is false where more is to be read.
func (x *Exchange) parseHeader() (fail Fail, rc httpd.Result, over bool) {
	for {
		used, v := x.codec.ParseHeader(x, x.in.B[x.inPos:x.inEnd])
		x.inPos += used
		switch v {
		case HeaderDone:
			if x.R.Debugging() {
				x.debugStatus()
			}
			if x.inPos < x.inEnd {
				x.Keepalive = false // for a response that ends here; what follows is not the next one
			}
			return 0, httpd.OK, true
		case HeaderStray:
			x.received = false
			return FailError, httpd.OK, true
		case HeaderInvalid:
			return FailInvalidHeader, httpd.OK, true
		case HeaderUnused:
			x.dropParsed()
			if used > 0 && x.inEnd > 0 {
				continue
			}
			if x.headOver() {
				return FailTimeout, httpd.OK, true
			}
		case HeaderEarly:
			if x.headOver() {
				return FailTimeout, httpd.OK, true
			}
			if rc := x.earlyHints(); rc != httpd.OK {
				return 0, rc, true
			}
			continue
		}
		return 0, httpd.OK, false
	}
}

// readFailed judges an error of reading the header.
func (x *Exchange) readFailed(err error) (Fail, httpd.Result) {
	if !errors.Is(err, errAborted) {
		if fail, rc, ok := x.uploadFailed(); ok {
			return fail, rc
		}
	}
	switch {
	case errors.Is(err, errAborted):
		if !x.received { // nginx begins to read when something comes
			x.R.Action("sending request to upstream")
		}
		return 0, x.aborted()
	case isTimeout(err):
		return FailTimeout, httpd.OK
	case isEOF(err):
		x.R.Errorf(nil, "upstream prematurely closed connection")
	default:
		x.connError(err, httpd.ReadFailed(err))
	}
	return FailError, httpd.OK
}

// earlyHints passes a 103 response on and makes room for the next header.
func (x *Exchange) earlyHints() httpd.Result {
	r := x.R
	x.hints += int64(x.inPos)
	if x.hints <= x.S.BufferSize {
		for i := range x.Response.Fields {
			if f := &x.Response.Fields[i]; !x.S.hidden.Has(f.ID, f.Name) {
				r.Out.Add(f.ID, f.Name, f.Value)
			}
		}
		if err := r.SendEarlyHints(); err != nil {
			return httpd.Error
		}
		r.Action("reading response header from upstream")
	} else {
		r.Logf(errlog.Info, nil, "upstream sent too big early hints")
	}
	r.Out.Reset()
	x.Response.reset()
	if x.cached.active {
		x.cached.rules = caching.RFC9111{}
	}
	x.dropParsed()
	x.codec.Reset(x)
	return httpd.OK
}

// dropParsed makes room: what the codec has consumed is no longer needed. The rest moves to the beginning.
func (x *Exchange) dropParsed() {
	x.inEnd = copy(x.in.B, x.in.B[x.inPos:x.inEnd])
	x.inPos = 0
}

// single are the fields of which only the first counts.
var single = func() (t [h1.NumFields]bool) {
	for _, id := range []h1.FieldID{
		h1.StatusField, h1.ContentType, h1.Date, h1.LastModified, h1.ETag, h1.Server, h1.Location, h1.Refresh,
		h1.Expires, h1.XAccelExpires, h1.XAccelRedirect, h1.XAccelLimitRate,
	} {
		t[id] = true
	}
	return t
}()

// AddField files a field of the response header. False: the response is
// invalid, and why is logged.
func (x *Exchange) AddField(f Field) bool {
	p := &x.Response
	r := x.R
	switch f.ID {
	case h1.UnknownField:
		p.Fields = append(p.Fields, f)
		return true
	case h1.ContentLength, h1.TransferEncoding:
		if !x.checkLength(&f) {
			return false
		}
	case h1.Connection:
		if h1.ContainsFold(f.Value, "close") {
			p.Close = true
		}
	case h1.XAccelBuffering:
		if x.S.Ignore.V&ignoreBuffering == 0 {
			switch {
			case h1.EqualFold(f.Value, "no"):
				x.Buffering = false
			case h1.EqualFold(f.Value, "yes"):
				x.Buffering = true
			}
		}
	default:
		if single[f.ID] {
			if old := p.Get(f.ID); old != nil {
				r.Logf(errlog.Warn, nil, `upstream sent duplicate header line: "%s: %s", previous value: "%s: %s", ignored`,
					f.Name, f.Value, old.Name, old.Value)
				f.Ignored = true
				p.Fields = append(p.Fields, f)
				return true
			}
		}
		switch {
		case f.ID == h1.XAccelLimitRate:
			x.limitRate(f.Value)
		case f.ID == h1.XAccelCharset && x.S.Ignore.V&ignoreCharset == 0:
			r.Out.ForcedCharset = r.Copy(f.Value)
		}
	}
	if x.cached.active {
		x.noteField(&f)
	}
	p.Fields = append(p.Fields, f)
	if p.first[f.ID] == 0 {
		p.first[f.ID] = uint16(len(p.Fields))
	}
	return true
}

// limitRate obeys X-Accel-Limit-Rate.
func (x *Exchange) limitRate(v []byte) {
	if x.S.Ignore.V&ignoreLimitRate == 0 {
		if n, ok := h1.ParseContentLength(v); ok {
			x.R.SetLimitRate(n)
		}
	}
}

// checkLength judges the fields that frame the body.
//
//go:noinline
func (x *Exchange) checkLength(f *Field) bool {
	p := &x.Response
	r := x.R
	if old := p.Get(f.ID); old != nil {
		r.Errorf(nil, `upstream sent duplicate header line: "%s: %s", previous value: "%s: %s"`,
			f.Name, f.Value, old.Name, old.Value)
		return false
	}
	if p.Has(h1.ContentLength) || p.Has(h1.TransferEncoding) {
		r.Errorf(nil, `upstream sent "Content-Length" and "Transfer-Encoding" headers at the same time`)
		return false
	}
	if f.ID == h1.ContentLength {
		n, ok := h1.ParseContentLength(f.Value)
		if !ok {
			r.Errorf(nil, `upstream sent invalid "Content-Length" header: "%s: %s"`, f.Name, f.Value)
			return false
		}
		p.ContentLength = n
		return true
	}
	if !h1.EqualFold(f.Value, "chunked") {
		r.Errorf(nil, `upstream sent unknown "Transfer-Encoding": "%s"`, f.Value)
		return false
	}
	p.Chunked = true
	return true
}
