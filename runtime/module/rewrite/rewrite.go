package rewrite

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Module is ngx_http_rewrite_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_rewrite_module", Register: register}
}

// settings are the inherited directives.
type settings struct {
	log  bool // rewrite_log
	warn bool // uninitialized_variable_warn
}

// block holds the instructions that were given in one block.
type block struct{ code []instruction }

// module is what the directives of one configuration share.
type module struct {
	b        *httpd.Builder
	settings *conf.Section[settings]
	blocks   *conf.Own[block]
}

func register(b *httpd.Builder, cm *conf.Module) {
	m := &module{b: b, blocks: conf.NewOwn[block](cm)}
	m.settings = conf.NewSection(cm, settings{warn: true}, func(c *settings, t *conf.Table) {
		t.Flag("rewrite_log", &c.log)
		t.Flag("uninitialized_variable_warn", &c.warn)
	})
	cm.Directive("set", m.set)
	cm.Directive("rewrite", m.rewrite)
	cm.Directive("return", m.respond)
	cm.Directive("break", func(c *conf.Cmd) error {
		m.add(c, instruction{op: opBreak})
		return nil
	})
	cm.Block("if", m.condition)
	b.Plan(m.plan)
	b.OnUninitialized(func(r *httpd.Request, name string) {
		if m.settings.Of(r.Location().Block).warn {
			r.Logf(errlog.Warn, nil, `using uninitialized "%s" variable`, name)
		}
	})
}

// add appends an instruction to the block that c stands in.
func (m *module) add(c *conf.Cmd, i instruction) {
	i.node = c.Node
	b := m.blocks.Write(c.Block)
	b.code = append(b.code, i)
}

// set handles `set $name value`.
func (m *module) set(c *conf.Cmd) error {
	name, ok := strings.CutPrefix(c.Arg(0), "$")
	if !ok {
		return c.Errorf(`invalid variable name "%s"`, c.Arg(0))
	}
	if _, err := m.b.Vars.Add(name, httpd.Var{Changeable: true}, true); err != nil {
		return c.Errorf("%s", err.Error())
	}
	v, err := m.b.Value(c, 1)
	if err != nil {
		return err
	}
	m.add(c, instruction{op: opSet, index: m.b.Vars.Index(name), name: name, value: v})
	return nil
}

// respond handles `return code`, `return code text` and `return URL`.
func (m *module) respond(c *conf.Cmd) error {
	in := instruction{op: opReturn}
	code, ok := conf.ParseInt(c.Arg(0))
	text := 1
	switch {
	case !ok && len(c.Args) == 1 && isRedirect(c.Arg(0)):
		code, text = int(httpd.StatusFound), 0
	case !ok || code > 999:
		return c.Errorf(`invalid return code "%s"`, c.Arg(0))
	}
	in.status, in.value = httpd.Result(code), script.Literal("")
	if text < len(c.Args) {
		v, err := m.b.Value(c, text)
		if err != nil {
			return err
		}
		in.value = v
	}
	lit, static := in.value.Static()
	in.bare = code >= 400 && static && len(lit) == 0
	m.add(c, in)
	return nil
}

// isRedirect reports whether a text is a whole URL, as rewrite and return see
// it: by its beginning.
func isRedirect(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "$scheme")
}

// rewrite handles `rewrite regex replacement [flag]`.
func (m *module) rewrite(c *conf.Cmd) error {
	to := c.Arg(1)
	if to == "" {
		return c.Errorf("empty replacement")
	}
	re, err := m.b.Regex(c, c.Arg(0), false)
	if err != nil {
		return err
	}
	r := &rule{re: re, addArgs: true}
	if strings.HasSuffix(to, "?") {
		to, r.addArgs = to[:len(to)-1], false
	}
	if isRedirect(to) {
		r.status, r.last = httpd.StatusFound, true
	}
	if len(c.Args) == 3 {
		if !r.setFlag(c.Arg(2)) {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(2))
		}
	}
	if err := r.compile(m.b.Vars, to); err != nil {
		return c.Errorf("%s", err.Error())
	}
	m.add(c, instruction{op: opRewrite, rule: r})
	return nil
}

// plan makes a location's program, once everything was read.
func (m *module) plan(p *httpd.Plan) {
	if p.Location.NoName {
		return // an if's instructions are part of the program around it
	}
	code := m.flatten(p.Block, nil)
	if len(code) == 0 {
		return
	}
	prog := &program{code: code, log: m.settings.Of(p.Block).log}
	if p.Location == p.Location.Server.Root {
		p.ServerRewrite(prog.run)
	} else {
		p.Rewrite(prog.run)
	}
}

// flatten appends b's instructions to code, those of its ifs in place.
func (m *module) flatten(b *conf.Block, code []instruction) []instruction {
	own := m.blocks.Of(b)
	if own == nil {
		return code
	}
	for _, in := range own.code {
		at := len(code)
		code = append(code, in)
		if in.inner != nil {
			code = m.flatten(in.inner, code)
		}
		code[at].next = len(code)
	}
	return code
}
