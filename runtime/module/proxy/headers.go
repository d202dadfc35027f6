package proxy

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/h2peer"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// header is a proxy_set_header.
type header struct {
	name  string
	value *script.Value
}

func (m *module) setHeader(c *settings, cmd *conf.Cmd) error {
	v, err := m.b.Value(cmd, 1)
	if err != nil {
		return err
	}
	c.headers.Add(cmd.Block, header{cmd.Arg(0), v})
	return nil
}

// defaultHeaders are set where proxy_set_header does not say otherwise; an
// empty value keeps the client's field away.
var defaultHeaders = [...][2]string{
	{"Host", ""},
	{"Connection", ""},
	{"Proxy-Connection", ""},
	{"Content-Length", "$proxy_internal_body_length"},
	{"Transfer-Encoding", "$proxy_internal_chunked"},
	{"TE", ""},
	{"Keep-Alive", ""},
	{"Expect", ""},
	{"Upgrade", ""},
}

func defaultNames() (names []string) {
	for _, d := range defaultHeaders {
		names = append(names, d[0])
	}
	return names
}

// headerPlan is how the head of a request is put together.
type headerPlan struct {
	host  *script.Value // nil: $proxy_host
	lines []headerLine
	skip  *pass.NameSet // fields of the client that are not passed

	fields *h2peer.Fields // the same for HTTP/2; nil: it is not spoken
}

// headerLine is a field to be set, or several whose text is known.
type headerLine struct {
	text  []byte        // "Name: value\r\n...", or "Name: " in front of value
	value *script.Value // nil: text is complete
	kind  lineKind
}

type lineKind uint8

const (
	lineValue lineKind = iota
	lineLength
	lineChunked
	lineOwnLength   // proxy_set_header Content-Length
	lineOwnEncoding // proxy_set_header Transfer-Encoding
)

// compile makes the plan for a list of proxy_set_header; cached are the fields that are set
// besides where the response may be cached.
func (m *module) compile(list []header, cached []pass.CacheField) *headerPlan {
	p := &headerPlan{skip: pass.NewNameSet(nil)}
	given := func(name string) bool { return sets(list, name) }
	for _, h := range list {
		p.skip.Add(h.name)
		if strings.EqualFold(h.name, "Host") {
			p.host = h.value
			continue
		}
		p.add(h.name, h.value)
	}
	for _, d := range defaultHeaders {
		p.skip.Add(d[0])
		switch {
		case given(d[0]):
		case d[0] == "Content-Length":
			p.lines = append(p.lines, headerLine{text: []byte(d[0] + ": "), kind: lineLength})
		case d[0] == "Transfer-Encoding":
			p.lines = append(p.lines, headerLine{text: []byte(d[0] + ": chunked\r\n"), kind: lineChunked})
		}
	}
	for _, f := range cached {
		p.skip.Add(f.Name)
		if !given(f.Name) {
			p.add(f.Name, f.Value)
		}
	}
	return p
}

// add appends a field; what is fixed merges with the line before.
func (p *headerPlan) add(name string, value *script.Value) {
	text, static := value.Static()
	kind := lineValue
	switch {
	case strings.EqualFold(name, "Content-Length"):
		kind = lineOwnLength
	case strings.EqualFold(name, "Transfer-Encoding"):
		kind = lineOwnEncoding
	}
	if !static || kind != lineValue {
		p.lines = append(p.lines, headerLine{text: []byte(name + ": "), value: value, kind: kind})
		return
	}
	if len(text) == 0 {
		return
	}
	line := name + ": " + string(text) + "\r\n"
	if n := len(p.lines); n > 0 && p.lines[n-1].value == nil && p.lines[n-1].kind == lineValue {
		p.lines[n-1].text = append(p.lines[n-1].text, line...)
		return
	}
	p.lines = append(p.lines, headerLine{text: []byte(line)})
}

// sets reports whether a field is in a list of proxy_set_header.
func sets(list []header, name string) bool {
	for i := range list {
		if strings.EqualFold(list[i].name, name) {
			return true
		}
	}
	return false
}

// complete makes the plan, which compile has made of the same lists, one for HTTP/2 too.
func (p *headerPlan) complete(list []header, cached []pass.CacheField) {
	if p.fields != nil {
		return
	}
	p.fields = h2peer.NewFields()
	for _, h := range list {
		p.fields.Skip(h.name)
		if !strings.EqualFold(h.name, "Host") {
			p.fields.Set(h.name, h.value)
		}
	}
	for _, d := range defaultHeaders {
		p.fields.Skip(d[0])
		if d[0] == "Content-Length" && !sets(list, d[0]) {
			p.fields.SetLength()
		}
	}
	for _, f := range cached {
		p.fields.Skip(f.Name)
		if !sets(list, f.Name) {
			p.fields.Set(f.Name, f.Value)
		}
	}
}
