package autoindex

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_autoindex_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_autoindex_module", Register: register}
}

// The formats of autoindex_format.
const (
	formatHTML = iota
	formatJSON
	formatJSONP
	formatXML
)

var formatWords = []conf.Choice{
	{Word: "html", Value: formatHTML},
	{Word: "json", Value: formatJSON},
	{Word: "jsonp", Value: formatJSONP},
	{Word: "xml", Value: formatXML},
}

// settings are the directives of a block.
type settings struct {
	enable    bool
	format    int
	exactSize bool
	localtime bool
}

func register(b *httpd.Builder, m *conf.Module) {
	s := conf.NewSection(m, settings{exactSize: true}, func(c *settings, t *conf.Table) {
		t.Flag("autoindex", &c.enable)
		t.Enum("autoindex_format", &c.format, formatWords)
		t.Flag("autoindex_exact_size", &c.exactSize)
		t.Flag("autoindex_localtime", &c.localtime)
	})
	b.Plan(func(p *httpd.Plan) {
		if c := s.Of(p.Block); c.enable {
			p.AddContent(c.handle)
		}
	})
}

var (
	typeHTML  = []byte("text/html")
	typeJSON  = []byte("application/json")
	typeJSONP = []byte("application/javascript")
	typeXML   = []byte("text/xml")
	utf8Name  = []byte("utf-8")
)

// handle answers with the listing of the directory that the URI maps to.
func (c *settings) handle(r *httpd.Request) httpd.Result {
	if !r.OnFolder() || r.Method&(h1.Get|h1.Head) == 0 {
		return httpd.Declined
	}
	if rc := r.DiscardBody(); rc != httpd.OK {
		return rc
	}
	path, ok := r.MapURI()
	if !ok {
		return httpd.StatusInternalServerError
	}
	if len(path) > 1 {
		path = path[:len(path)-1]
	}
	format := c.format
	var callback []byte
	if format == formatJSONP {
		if callback, ok = jsonpCallback(r); !ok {
			return httpd.StatusBadRequest
		}
		if len(callback) == 0 {
			format = formatJSON
		}
	}
	l, rc := begin(r, string(path), format)
	if rc != httpd.OK {
		return rc
	}
	out := sink{r: r}
	c.render(&out, format, l, callback)
	if out.finish() != nil {
		return httpd.Error
	}
	return httpd.Done
}

// begin sends the header and reads the directory, which is closed before the page is sent: a client that takes its time holds no
// descriptor. The result is that of the request where it is not OK.
func begin(r *httpd.Request, path string, format int) (*listing, httpd.Result) {
	dir, rc := r.OpenDir(path)
	if rc != httpd.OK {
		return nil, rc
	}
	defer func() { _ = dir.Close() }() // opened for reading: nothing can be lost
	setType(r, format)
	if rc := r.SendHeader(); rc != httpd.OK {
		return nil, rc
	}
	if r.HeaderOnly() {
		return nil, httpd.Done
	}
	l, ok := list(r, dir, path)
	if !ok {
		return nil, httpd.Error
	}
	return l, httpd.OK
}

// sink sends a page in pieces, so that a large page is not in memory as a whole for each request.
type sink struct {
	r   *httpd.Request
	buf []byte
	err error // why nothing more can be sent
}

// sinkSize is the least size of a piece, except the last one.
const sinkSize = 32 << 10

// flush sends the buffer once it has sinkSize bytes, and returns the buffer to append to. finish returns the error of sending.
func (s *sink) flush(b []byte) []byte {
	if len(b) < sinkSize {
		return b
	}
	if s.err == nil {
		o := s.r.Piece()
		o.Mem = b
		s.err = s.r.Output(o)
	}
	return b[:0]
}

// finish sends the end of the page.
func (s *sink) finish() error {
	if s.err != nil {
		return s.err
	}
	return s.r.Send(s.buf)
}

func setType(r *httpd.Request, format int) {
	o := &r.Out
	o.Status, o.CharsetSet = 200, true
	switch format {
	case formatJSON:
		o.ContentType = typeJSON
	case formatJSONP:
		o.ContentType = typeJSONP
	case formatXML:
		o.ContentType, o.Charset = typeXML, utf8Name
	default:
		o.ContentType = typeHTML
	}
}

func (c *settings) render(out *sink, format int, l *listing, callback []byte) {
	r := out.r
	switch format {
	case formatJSON, formatJSONP:
		out.buf = appendJSON(nil, l, callback, out.flush)
		return
	case formatXML:
		out.buf = appendXML(nil, l, out.flush)
		return
	}
	p := page{
		uri: r.URI, exactSize: c.exactSize,
		utf8: h1.EqualFold(r.Out.Charset, "utf-8"),
	}
	if c.localtime {
		p.offset = localOffset()
	}
	out.buf = p.append(nil, l, out.flush)
}

// maxCallback is the longest name of a callback.
const maxCallback = 128

// jsonpCallback returns the callback argument, empty without one. It has to be
// a name.
func jsonpCallback(r *httpd.Request) (name []byte, ok bool) {
	name, found := h1.ArgValue(r.Args, "callback")
	if !found {
		return nil, true
	}
	if len(name) > maxCallback {
		r.Logf(errlog.Info, nil, `client sent too long callback name: "%s"`, name)
		return nil, false
	}
	for _, c := range name {
		if l := c | 0x20; l >= 'a' && l <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.' {
			continue
		}
		r.Logf(errlog.Info, nil, `client sent invalid callback name: "%s"`, name)
		return nil, false
	}
	return name, true
}
