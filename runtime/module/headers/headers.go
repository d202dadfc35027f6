package headers

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_headers_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_headers_module", Register: register}
}

// How a block's own fields and those around it come together.
const (
	inheritOn = iota // own fields replace the inherited ones
	inheritOff
	inheritMerge
)

var inheritWords = []conf.Choice{
	{Word: "off", Value: inheritOff}, {Word: "on", Value: inheritOn}, {Word: "merge", Value: inheritMerge},
}

// settings are the directives of a block.
type settings struct {
	headers, trailers               conf.List[*field]
	headersInherit, trailersInherit int
	expires                         *expires // nil: off
}

// field is an add_header or add_trailer directive.
type field struct {
	name   []byte
	id     h1.FieldID // of the fields that need more than being printed
	value  *script.Value
	always bool
}

func register(b *httpd.Builder, m *conf.Module) {
	s := conf.NewSection(m, settings{}, func(c *settings, t *conf.Table) {
		t.Func("add_header", func(cmd *conf.Cmd) error { return add(b, &c.headers, cmd) })
		t.Func("add_trailer", func(cmd *conf.Cmd) error { return add(b, &c.trailers, cmd) })
		t.Enum("add_header_inherit", &c.headersInherit, inheritWords)
		t.Enum("add_trailer_inherit", &c.trailersInherit, inheritWords)
		t.Func("expires", func(cmd *conf.Cmd) (err error) {
			c.expires, err = parseDirective(b, cmd)
			return err
		})
	})
	b.Plan(func(p *httpd.Plan) {
		c := s.Of(p.Block)
		f := &filter{
			headers:  effective(s, p.Block, headersOf),
			trailers: effective(s, p.Block, trailersOf),
			expires:  c.expires,
		}
		if f.headers != nil || f.trailers != nil || f.expires != nil {
			p.HeaderFilter(f.header)
		}
		if f.trailers != nil {
			p.Trailers(f.trailer)
		}
	})
}

// add handles add_header and add_trailer.
func add(b *httpd.Builder, list *conf.List[*field], c *conf.Cmd) error {
	v, err := b.Value(c, 1)
	if err != nil {
		return err
	}
	f := &field{name: []byte(c.Arg(0)), value: v}
	if c.Name.Value == "add_header" {
		f.id = known(c.Arg(0))
	}
	if len(c.Args) > 2 {
		if c.Arg(2) != "always" {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(2))
		}
		f.always = true
	}
	list.Add(c.Block, f)
	return nil
}

// known returns the id of the fields that are more than printed.
func known(name string) h1.FieldID {
	for _, id := range []h1.FieldID{h1.CacheControl, h1.Link, h1.LastModified, h1.ETag} {
		if strings.EqualFold(name, id.String()) {
			return id
		}
	}
	return h1.UnknownField
}

func headersOf(c *settings) (*conf.List[*field], int)  { return &c.headers, c.headersInherit }
func trailersOf(c *settings) (*conf.List[*field], int) { return &c.trailers, c.trailersInherit }

// effective returns the fields that hold in a block: its own, those around it,
// or both, as its inherit setting says.
func effective(s *conf.Section[settings], b *conf.Block, of func(*settings) (*conf.List[*field], int)) []*field {
	list, inherit := of(s.Of(b))
	var own []*field
	if list.SetAt(b) {
		own = list.Items
	}
	if inherit == inheritOff || b.Parent == nil || own != nil && inherit == inheritOn {
		return own
	}
	around := effective(s, b.Parent, of)
	if own == nil {
		return around
	}
	return append(own[:len(own):len(own)], around...)
}

// filter is the header filter of a location.
type filter struct {
	headers, trailers []*field
	expires           *expires
}

// header adds the location's fields to a response header.
func (f *filter) header(r *httpd.Request) httpd.Result {
	if r.Parent() != nil {
		return httpd.OK
	}
	safe := isSafe(r.Out.Status)
	if f.expires != nil && safe {
		f.expires.apply(r)
	}
	for _, h := range f.headers {
		if safe || h.always {
			h.apply(r)
		}
	}
	for _, t := range f.trailers {
		if safe || t.always {
			r.ExpectTrailers()
			break
		}
	}
	return httpd.OK
}

// trailer adds the location's trailers once the body is complete.
func (f *filter) trailer(r *httpd.Request) httpd.Result {
	safe := isSafe(r.Out.Status)
	for _, t := range f.trailers {
		if !safe && !t.always {
			continue
		}
		if v := t.value.Eval(r); len(v) > 0 {
			r.Out.Trailers = append(r.Out.Trailers, header.Field{Name: t.name, Value: v})
		}
	}
	return httpd.OK
}

// isSafe tells the codes for which fields without "always" are added.
func isSafe(status int) bool {
	switch status {
	case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308:
		return true
	}
	return false
}

// apply adds or replaces one field.
func (h *field) apply(r *httpd.Request) {
	v := h.value.Eval(r)
	switch h.id {
	case h1.LastModified:
		if len(v) == 0 {
			r.Out.ClearLastModified()
			return
		}
		unix, ok := h1.ParseHTTPDate(v)
		if !ok {
			unix = -1
		}
		r.Out.SetLastModified(h.name, v, unix)
	case h1.ETag:
		old := r.Out.Find(h1.ETag)
		switch {
		case len(v) == 0:
			r.Out.Remove(h1.ETag)
		case old != nil:
			old.Name, old.Value = h.name, v
		default:
			r.Out.Add(h1.ETag, h.name, v)
		}
	default:
		if len(v) > 0 {
			r.Out.Add(h.id, h.name, v)
		}
	}
}
