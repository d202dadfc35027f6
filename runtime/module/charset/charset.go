package charset

import (
	"fmt"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/mediatype"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_charset_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_charset_module", Register: register}
}

func register(b *httpd.Builder, m *conf.Module) {
	x := &module{place: b.FilterPlace()}
	bind := func(c *settings, t *conf.Table) {
		t.Func("charset", func(cmd *conf.Cmd) error {
			if cmd.Arg(0) == "off" {
				c.charset = choice{}
				return nil
			}
			return x.choose(b, cmd, &c.charset)
		})
		t.Func("source_charset", func(cmd *conf.Cmd) error { return x.choose(b, cmd, &c.source) })
		t.Flag("override_charset", &c.override)
		c.types.Bind(t, "charset_types")
	}
	section := conf.NewSection(m, settings{module: x, types: mediatype.NewSet(
		"text/html", "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript", "application/rss+xml",
	)}, bind)
	section.Finish(m, func(block *conf.Block, c *settings) error {
		if !block.In(conf.Main | conf.HTTP) {
			x.need(c)
		}
		return nil
	})
	b.Loader.Opaque("charset_map")
	m.Block("charset_map", x.addMap)
	b.EachServer(func(s *httpd.Server) error {
		x.need(section.Of(s.Root.Block))
		return x.complete()
	})
	b.Plan(func(p *httpd.Plan) { p.HeaderFilter(section.Of(p.Block).header) })
}

// set is a character set that the configuration names.
type set struct {
	name []byte
	text string // name
	utf8 bool
}

// conversion is a charset_map: how the bytes of one set become those of
// another, and back.
type conversion struct {
	from, to      *set
	forward, back table
}

// module has the character sets of one load.
type module struct {
	place  httpd.FilterPlace
	sets   []*set
	maps   []*conversion
	needed [][2]*set // pairs that some location converts between
}

// settings are the directives of a block.
type settings struct {
	module          *module
	charset, source choice
	override        bool
	types           mediatype.Set
}

// choice is the value of charset or source_charset; the zero choice is off.
type choice struct {
	set      *set
	variable int // its number plus one, 0 for none
}

func (c choice) off() bool { return c.set == nil && c.variable == 0 }

// utf8Name is the set that has to be on the right of a charset_map.
const utf8Name = "utf-8"

// choose handles charset and source_charset.
func (x *module) choose(b *httpd.Builder, cmd *conf.Cmd, p *choice) error {
	v := cmd.Arg(0)
	if v == "" || v[0] != '$' {
		*p = choice{set: x.add(v)}
		return nil
	}
	if v == "$" {
		return cmd.Errorf(`invalid variable name "$"`)
	}
	*p = choice{variable: b.Vars.Index(v[1:]) + 1}
	return nil
}

// add returns the set of a name, made on first use.
func (x *module) add(name string) *set {
	b := []byte(name)
	if s := x.find(b); s != nil {
		return s
	}
	s := &set{name: b, text: name, utf8: h1.EqualFold(b, utf8Name)}
	x.sets = append(x.sets, s)
	return s
}

// find returns the set of a name, nil for one that the configuration does not
// know.
func (x *module) find(name []byte) *set {
	for _, s := range x.sets {
		if h1.EqualFold(name, s.text) {
			return s
		}
	}
	return nil
}

// table returns how from becomes to, nil without a charset_map.
func (x *module) table(from, to *set) *table {
	for _, m := range x.maps {
		switch {
		case m.from == from && m.to == to:
			return &m.forward
		case m.from == to && m.to == from:
			return &m.back
		}
	}
	return nil
}

// need notes that a location converts responses.
func (x *module) need(c *settings) {
	if from, to := c.source.set, c.charset.set; from != nil && to != nil && from != to {
		x.needed = append(x.needed, [2]*set{from, to})
	}
}

// complete checks that there is a map for every conversion that is needed.
func (x *module) complete() error {
	for _, p := range x.needed {
		if x.table(p[0], p[1]) == nil {
			return fmt.Errorf(noMap, p[0].text, p[1].text)
		}
	}
	return nil
}

const noMap = `no "charset_map" between the charsets "%s" and "%s"`
