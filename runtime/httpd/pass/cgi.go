package pass

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/cgi"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// CGI reads the response header of a program behind FastCGI, uwsgi or SCGI. It is a part of their codecs; Reset comes first.
type CGI struct{ header cgi.Header }

// Reset prepares for a response. statusLine says that it may begin with a status line.
func (c *CGI) Reset(statusLine bool) { c.header.Reset(statusLine) }

// ParseHeader is that of a Codec. in has bytes of the header without what the protocol puts between them.
func (c *CGI) ParseHeader(x *Exchange, in []byte) (n int, v Verdict) {
	var f h1.HeaderLine
	for {
		used, st := c.header.Next(in[n:], &f)
		n += used
		switch st {
		case h1.OK:
			if !x.AddField(Field{Name: f.Name, Value: f.Value, ID: f.ID}) {
				return n, HeaderInvalid
			}
		case h1.Done:
			return n, c.done(x)
		case h1.Again:
			return n, HeaderMore
		default:
			x.R.Errorf(nil, `upstream sent invalid header: "%s\x%02x..."`, f.Line, f.Bad)
			return n, HeaderInvalid
		}
	}
}

// done draws the conclusions from a complete header.
func (c *CGI) done(x *Exchange) Verdict {
	p := &x.Response
	var status []byte
	if f := p.Get(h1.StatusField); f != nil {
		status = f.Value
	}
	code, line, ok := c.header.Status(status, p.Has(h1.Location))
	if !ok {
		x.R.Errorf(nil, `upstream sent invalid status "%s"`, status)
		return HeaderInvalid
	}
	p.Status, p.Line = code, line
	p.Chunked = false // a program's body comes as it is, whatever Transfer-Encoding says
	x.SetStatus(code)
	return HeaderDone
}

// BodyLength is the length in bytes of the response body by the header, -1 if the header does not say it.
func (x *Exchange) BodyLength() int64 {
	switch p := &x.Response; {
	case p.Status == 204 || p.Status == 304:
		return 0
	case x.R.Method == h1.Head:
		return -1
	default:
		return p.ContentLength
	}
}

// Plain is the Body of a codec whose bodies come as they are. x.Length tells how much is to come.
func (x *Exchange) Plain(in []byte) (data []byte, n int, st BodyStatus) {
	switch {
	case x.Length == -1:
		return in, len(in), BodyData
	case int64(len(in)) > x.Length:
		x.R.Logf(errlog.Warn, nil, `upstream sent more data than specified in "Content-Length" header`)
		data = in[:x.Length]
		x.Length = 0
		return data, len(in), BodyDone
	}
	if x.Length -= int64(len(in)); x.Length == 0 {
		return in, len(in), BodyDone
	}
	return in, len(in), BodyData
}
