package h2peer

import (
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// responseField takes a field of the response header. False: it is wrong, and why is logged.
func (p *Peer) responseField(x *pass.Exchange, f hpack.Field) bool {
	if f.Name[0] == ':' {
		return p.pseudoField(x, f)
	}
	if !p.status {
		x.R.Errorf(nil, "upstream sent no :status header")
		return false
	}
	field := pass.Field{Name: f.Name, Value: f.Value, ID: h1.LookupField(f.Name)}
	if x.Response.Status == 103 {
		x.Response.Fields = append(x.Response.Fields, field)
		return true
	}
	return x.AddField(field)
}

// pseudoField takes a field that HTTP/2 has in place of the status line.
func (p *Peer) pseudoField(x *pass.Exchange, f hpack.Field) bool {
	switch {
	case string(f.Name) != ":status":
		x.R.Errorf(nil, `upstream sent invalid header "%s: %s"`, f.Name, f.Value)
		return false
	case p.status:
		x.R.Errorf(nil, "upstream sent duplicate :status header")
		return false
	}
	code, ok := number(f.Value)
	switch {
	case !ok:
		x.R.Errorf(nil, `upstream sent invalid :status "%s"`, f.Value)
		return false
	case code < 200 && code != 103:
		x.R.Errorf(nil, `upstream sent unexpected :status "%s"`, f.Value)
		return false
	}
	p.status = true
	x.Response.Status = code
	x.SetStatus(code)
	return true
}

// number reads three digits.
func number(text []byte) (n int, ok bool) {
	if len(text) != 3 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// trailer takes a field that follows the body.
func (p *Peer) trailer(x *pass.Exchange, f hpack.Field) bool {
	if f.Name[0] == ':' {
		x.R.Errorf(nil, `upstream sent invalid trailer "%s: %s"`, f.Name, f.Value)
		return false
	}
	x.Response.Trailers = append(x.Response.Trailers, pass.Field{Name: f.Name, Value: f.Value, ID: h1.LookupField(f.Name)})
	return true
}
