package sub

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/mediatype"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Module is ngx_http_sub_filter_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_sub_module", Register: register}
}

// settings are the directives of a block.
type settings struct {
	pairs        conf.List[pair]
	once         bool
	lastModified bool
	types        mediatype.Set

	search *search // of texts without variables, nil: made for each response
}

// pair is one sub_filter.
type pair struct {
	match, value *script.Value
}

// maxPairs is how many there may be in a block.
const maxPairs = 255

func register(b *httpd.Builder, m *conf.Module) {
	bind := func(c *settings, t *conf.Table) {
		t.Func("sub_filter", func(cmd *conf.Cmd) error { return c.add(b, cmd) })
		t.Flag("sub_filter_once", &c.once)
		t.Flag("sub_filter_last_modified", &c.lastModified)
		c.types.Bind(t, "sub_filter_types")
	}
	section := conf.NewSection(m, settings{once: true, types: mediatype.NewSet("text/html")}, bind)
	section.Finish(m, func(_ *conf.Block, c *settings) error {
		c.search = c.static()
		return nil
	})
	place := b.FilterPlace()
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.pairs.Items) > 0 {
			p.HeaderFilter(func(r *httpd.Request) httpd.Result { return c.header(r, place) })
		}
	})
}

// static makes the tables, if there are any that do not depend on the request.
func (c *settings) static() *search {
	s := new(search)
	for _, p := range c.pairs.Items {
		text, ok := p.match.Static()
		if !ok {
			return nil
		}
		s.list = append(s.list, match{text, p.value})
	}
	if len(s.list) == 0 {
		return nil
	}
	s.prepare()
	return s
}

// add reads sub_filter.
func (c *settings) add(b *httpd.Builder, cmd *conf.Cmd) error {
	if cmd.Arg(0) == "" {
		return cmd.Errorf("empty search pattern")
	}
	if c.pairs.SetAt(cmd.Block) && len(c.pairs.Items) == maxPairs {
		return cmd.Errorf("number of search patterns exceeds %d", maxPairs)
	}
	text := []byte(cmd.Arg(0))
	for i, c := range text {
		text[i] = lower[c]
	}
	match, err := b.Vars.Compile(string(text))
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	value, err := b.Value(cmd, 1)
	if err != nil {
		return err
	}
	c.pairs.Add(cmd.Block, pair{match, value})
	return nil
}
