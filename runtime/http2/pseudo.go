package http2

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// protocolName is the version as logs and variables have it.
var protocolName = []byte("HTTP/2.0")

// pseudo takes a pseudo-header field (RFC 9113, section 8.3.1).
func (h *fieldReader) pseudo(f *hpack.Field) httpd.Result {
	r := h.s.r
	if h.lined {
		return h.refuse("client sent out of order pseudo-headers")
	}
	came := h.seen(f.Name)
	switch {
	case came == nil:
		r.Logf(errlog.Info, nil, `client sent unknown pseudo-header "%s"`, f.Name)
		return httpd.StatusBadRequest
	case *came && came == &h.authority:
		return h.refuse(`client sent duplicate ":authority" header`)
	case *came:
		r.Logf(errlog.Info, nil, "client sent duplicate %s header", f.Name)
		return httpd.StatusBadRequest
	case len(f.Value) == 0 && came != &h.authority:
		r.Logf(errlog.Info, nil, "client sent empty %s header", f.Name)
		return httpd.StatusBadRequest
	}
	*came = true
	switch came {
	case &h.method:
		return h.takeMethod(f.Value)
	case &h.path:
		return h.takePath(f.Value)
	case &h.scheme:
		return h.takeScheme(f.Value)
	}
	return h.takeAuthority(f.Value)
}

// seen returns where it is noted that a pseudo-header field has come, nil for one that is not
// known.
func (h *fieldReader) seen(name []byte) *bool {
	switch string(name) {
	case ":method":
		return &h.method
	case ":path":
		return &h.path
	case ":scheme":
		return &h.scheme
	case ":authority":
		return &h.authority
	}
	return nil
}

// refuse logs what is wrong with the header.
func (h *fieldReader) refuse(text string) httpd.Result {
	h.s.r.Logf(errlog.Info, nil, "%s", text)
	return httpd.StatusBadRequest
}

func (h *fieldReader) takeMethod(value []byte) httpd.Result {
	r := h.s.r
	r.Method, r.MethodStr = h1.LookupMethod(value), value
	r.Line.Method, r.Line.MethodID = value, r.Method
	if r.Method != h1.Unknown {
		return httpd.OK
	}
	for _, ch := range value {
		if (ch < 'A' || ch > 'Z') && ch != '_' && ch != '-' {
			r.Logf(errlog.Info, nil, `client sent invalid method: "%s"`, value)
			return httpd.StatusBadRequest
		}
	}
	return httpd.OK
}

func (h *fieldReader) takePath(value []byte) httpd.Result {
	r := h.s.r
	if st := h1.ParseTarget(value, &r.Line); st != h1.OK {
		r.Logf(errlog.Info, nil, `client sent invalid :path header: "%s"`, value)
		return httpd.StatusBadRequest
	}
	return r.TakeTarget()
}

func (h *fieldReader) takeScheme(value []byte) httpd.Result {
	r := h.s.r
	for i, ch := range value {
		if c := ch | 0x20; 'a' <= c && c <= 'z' {
			continue
		}
		if i > 0 && ('0' <= ch && ch <= '9' || ch == '+' || ch == '-' || ch == '.') {
			continue
		}
		r.Logf(errlog.Info, nil, `client sent invalid :scheme header: "%s"`, value)
		return httpd.StatusBadRequest
	}
	r.Line.Schema = value
	return httpd.OK
}

func (h *fieldReader) takeAuthority(value []byte) httpd.Result {
	r := h.s.r
	r.Line.Host = value
	host, port, ok := h1.ValidateHost(r.Alloc(len(value)), value)
	if !ok {
		return h.refuse(`client sent invalid ":authority" header`)
	}
	r.Proto.Host, r.Proto.Port = host, port
	return r.ChooseServer(host)
}

// requestLine makes the request line, which logs and $request show, once the first field that is
// no pseudo-header field has come.
func (h *fieldReader) requestLine() httpd.Result {
	r := h.s.r
	if h.lined {
		return httpd.OK
	}
	for _, f := range []struct {
		came bool
		name string
	}{{h.method, "method"}, {h.scheme, "scheme"}, {h.path, "path"}} {
		if !f.came {
			return h.refuse("client sent no :" + f.name + " header")
		}
	}
	h.lined = true
	line := r.Alloc(len(r.MethodStr) + len(r.Unparsed) + len(" ") + len(" ") + len(protocolName))[:0]
	line = append(append(line, r.MethodStr...), ' ')
	line = append(append(line, r.Unparsed...), ' ')
	r.Line.Line = append(line, protocolName...)
	return httpd.OK
}

func decimal(n int) string { return strconv.Itoa(n) }
