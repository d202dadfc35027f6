package ssi

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// maxParams is how many parameters a command may have.
const maxParams = 16

// values are the parameters of a command, in the order of its definition; nil
// is one that is absent. They live as long as the request.
type values [5][]byte

// definition is one of the commands.
type definition struct {
	name   string
	params []string
	needed bool  // all params must be there, not only the first
	first  bool  // the first must be there
	needs  place // 0, or how far an if command may be: inIf, inElse
	always bool  // it is carried out where the document is skipped, too
	run    func(f *filter, v *values) error
}

// Positions of parameters.
const (
	includeVirtual = iota
	includeFile
	includeWait
	includeSet
	includeStub
)

var definitions = [...]definition{
	{name: "include", params: []string{"virtual", "file", "wait", "set", "stub"}, run: (*filter).include},
	{name: "echo", params: []string{"var", "default", "encoding"}, first: true, run: (*filter).echo},
	{name: "config", params: []string{"errmsg", "timefmt"}, run: (*filter).config},
	{name: "set", params: []string{"var", "value"}, needed: true, run: (*filter).set},
	{name: "if", params: []string{"expr"}, first: true, run: (*filter).startIf},
	{name: "elif", params: []string{"expr"}, first: true, needs: inIf, run: (*filter).branch},
	{name: "else", needs: inIf, run: (*filter).otherwise},
	{name: "endif", needs: inElse, run: (*filter).endIf},
	{name: "block", params: []string{"name"}, first: true, run: (*filter).block},
	{name: "endblock", always: true, run: (*filter).endBlock},
}

// command carries out a complete command.
func (f *filter) command() error {
	p := &f.parser
	d := find(p.name)
	if d == nil {
		if f.output {
			f.problem(`invalid SSI command: "%s"`, p.name)
			return errCommand
		}
		return nil
	}
	if !f.output && !d.always {
		if f.inBlock {
			f.keepCommand()
			return nil
		}
		if d.needs == outside {
			return nil
		}
	}
	if d.needs != outside && (f.in == outside || f.in > d.needs) {
		f.problem(`invalid context of SSI command: "%s"`, p.name)
		return errCommand
	}
	v, err := f.parameters(d)
	if err != nil {
		return err
	}
	return d.run(f, &v)
}

func find(name []byte) *definition {
	for i := range definitions {
		if string(name) == definitions[i].name {
			return &definitions[i]
		}
	}
	return nil
}

// keepCommand adds a command to the block under way, as it will be read when
// the block is used.
func (f *filter) keepCommand() {
	p := &f.parser
	f.addToBlock(openingBytes)
	f.addToBlock(p.name)
	for i := range p.params {
		f.addToBlock([]byte(" "))
		f.addToBlock(p.bytes(p.params[i].name))
		f.addToBlock([]byte(`="`))
		f.addToBlock(p.bytes(p.params[i].value))
		f.addToBlock([]byte(`"`))
	}
	f.addToBlock([]byte(" -->"))
}

// parameters sorts the parameters of a command.
func (f *filter) parameters(d *definition) (v values, err error) {
	p := &f.parser
	if len(p.params) > maxParams {
		f.problem(`too many SSI command parameters: "%s"`, p.name)
		return v, errCommand
	}
	for i := range p.params {
		name := p.bytes(p.params[i].name)
		at := d.param(name)
		switch {
		case at < 0:
			f.problem(`invalid parameter name: "%s" in "%s" SSI command`, name, p.name)
			return v, errCommand
		case v[at] != nil:
			f.problem(`duplicate "%s" parameter in "%s" SSI command`, name, p.name)
			return v, errCommand
		}
		v[at] = f.r.Copy(p.bytes(p.params[i].value))
		if v[at] == nil {
			v[at] = []byte{}
		}
	}
	for i, name := range d.params {
		if v[i] == nil && (d.needed || d.first && i == 0) {
			f.problem(`mandatory "%s" parameter is absent in "%s" SSI command`, name, p.name)
			return v, errCommand
		}
	}
	return v, nil
}

// param returns the position of a parameter, -1 for none.
func (d *definition) param(name []byte) int {
	for i, known := range d.params {
		if string(name) == known {
			return i
		}
	}
	return -1
}

// lower makes a name of a variable lower case, in place.
func lower(name []byte) []byte {
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			name[i] = c | 0x20
		}
	}
	return name
}

// echo writes the value of a variable.
func (f *filter) echo(v *values) error {
	name := lower(v[0])
	value, ok := f.variable(name)
	switch {
	case !ok && (string(name) == dateLocal || string(name) == dateGMT):
		return errCommand // an empty date
	case !ok && v[1] == nil:
		value = []byte("(none)")
	case !ok:
		value = v[1]
	}
	if len(value) == 0 {
		return nil
	}
	if v[2] != nil {
		switch string(v[2]) {
		case "none":
			f.encoding = asItIs
		case "url":
			f.encoding = asURL
		case "entity":
			f.encoding = asEntities
		default:
			f.problem(`unknown encoding "%s" in the "echo" command`, v[2])
		}
	}
	switch f.encoding {
	case asURL:
		if n := h1.CountEscapes(value, h1.ForHTML); n > 0 {
			value = h1.EscapeURI(make([]byte, 0, len(value)+2*n), value, h1.ForHTML)
		}
	case asEntities:
		if bytes.ContainsAny(value, `<>&"`) {
			value = h1.EscapeHTML(nil, value)
		}
	}
	return f.pass(value)
}

// config changes how dates and errors look.
func (f *filter) config(v *values) error {
	if v[1] != nil {
		f.timeFormat = string(v[1])
	}
	if v[0] != nil {
		f.errMessage = v[0]
	}
	return nil
}

// set assigns to a variable.
func (f *filter) set(v *values) error {
	value, err := f.evaluate(v[1], false)
	if err != nil {
		return err
	}
	f.common.set(lower(v[0]), value)
	return nil
}

// block begins a part of the document that is kept for later.
func (f *filter) block(v *values) error {
	f.common.blocks = append(f.common.blocks, block{name: v[0]})
	f.output, f.inBlock = false, true
	return nil
}

func (f *filter) endBlock(*values) error {
	f.output, f.inBlock = true, false
	return nil
}
