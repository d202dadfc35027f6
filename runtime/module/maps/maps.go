package maps

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Module is ngx_http_map_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_map_module", Register: register}
}

func register(b *httpd.Builder, m *conf.Module) {
	m.HashHints("map")
	m.Block("map", func(c *conf.Cmd) error { return define(b, c) })
}

// define handles `map source $variable { ... }`.
func define(b *httpd.Builder, c *conf.Cmd) error {
	c.Uses("map_hash_max_size") // nginx sizes its tables by the first block
	c.Uses("map_hash_bucket_size")
	source, name, err := b.KeyAndVariable(c)
	if err != nil {
		return err
	}
	r := reader{b: b, c: c, t: &table{}}
	for n := range c.Items() {
		if !r.item(n) {
			break
		}
	}
	c.CheckHash(c.Block.HashOf("map_hash", 2048, 64), r.t.keys, r.t.hostnames)
	r.t.finish()
	v := &variable{source: source, table: r.t}
	if _, err := b.Vars.Add(name, httpd.Var{Get: v.get, NoCache: r.volatile, Changeable: true}, false); err != nil {
		return c.Errorf("%s", err.Error())
	}
	return nil
}

// variable is a map: where its key comes from, and the table.
type variable struct {
	source *script.Value
	table  *table
}

// get computes the variable.
func (v *variable) get(r *httpd.Request, _ string) ([]byte, bool) {
	if r.Debugging() {
		r.Debugf("http map started")
	}
	key := v.table.trim(v.source.Eval(r))
	val, ok := v.table.find(key, r)
	if !ok {
		val, ok = v.table.byRegex(key, r)
	}
	var out []byte
	if ok {
		out = v.table.value(val, r)
	}
	if r.Debugging() {
		r.Debugf(`http map: "%s" "%s"`, key, out)
	}
	return out, true
}

// reader reads the items of one block.
type reader struct {
	b        *httpd.Builder
	c        *conf.Cmd
	t        *table
	volatile bool
}

// item reads one item and reports whether to go on.
func (r *reader) item(n *conf.Node) bool {
	fail := func(format string, args ...any) bool {
		r.c.ItemErr(n, format, args...)
		return false
	}
	key := n.Name.Value
	switch {
	case n.Err != nil:
		return fail("%s", n.Err.Msg)
	case n.IsBlock:
		return fail(`unexpected "{"`)
	case len(n.Args) == 0 && key == "hostnames":
		r.t.hostnames = true
		return true
	case len(n.Args) == 0 && key == "volatile":
		r.volatile = true
		return true
	case len(n.Args) != 1:
		return fail("invalid number of the map parameters")
	}
	val, err := r.value(n.Args[0].Value)
	if err != nil {
		return fail("%s", err.Error())
	}
	if key == "default" {
		if r.t.hasDef {
			return fail("duplicate default map parameter")
		}
		r.t.def, r.t.hasDef = val, true
		return true
	}
	if pattern, ok := strings.CutPrefix(key, "~"); ok {
		pattern, caseless := strings.CutPrefix(pattern, "*")
		re, err := r.b.Regex(&conf.Cmd{Node: n, Block: r.c.Block, Loader: r.c.Loader}, pattern, caseless)
		if err != nil {
			return fail("%s", err.Error())
		}
		r.t.regexes = append(r.t.regexes, expression{re, val})
		return true
	}
	if err := r.t.add(strings.TrimPrefix(key, `\`), val); err != nil {
		return fail("%s", err.Error())
	}
	return true
}

// value takes in a value of the table.
func (r *reader) value(text string) (ref, error) {
	if strings.IndexByte(text, '$') < 0 {
		return r.t.text(text), nil
	}
	v, err := r.b.Vars.Compile(text)
	if err != nil {
		return 0, err
	}
	return r.t.computed(v), nil
}
