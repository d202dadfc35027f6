package ssi

import (
	"bytes"
	"fmt"
)

// opening is what a command begins with.
const opening = "<!--#"

// The longest names of commands and of their parameters.
const (
	maxCommand = 32
	maxParam   = 32
)

// state is where the parser is between two bytes.
type state uint8

const (
	inText      state = iota
	beforeName        // of the command
	inName            //
	beforeParam       //
	inParam           // its name
	beforeEqual       //
	beforeValue       //
	inDouble          // a value in "
	inSingle          // a value in '
	afterSlash        // in a value, behind a backslash
	afterValue        //
	inEnd             // behind the first dash
	inEnd2            // behind the second
	inBroken          // a command that is not understood
	brokenEnd         // ... behind a dash
	brokenEnd2        // ... behind two
)

// event is what the parser has found.
type event uint8

const (
	needMore event = iota
	text           // bytes that are no command
	command        // a complete command
	problem        // something wrong, to be logged: parser.message
	broken         // the end of a command with a problem
)

// parser finds commands in a document that comes in pieces. Where the pieces
// are cut makes no difference.
type parser struct {
	state    state
	back     state // what afterSlash returns to
	matched  int   // bytes of opening that were found last
	valueLen int   // the longest value of a parameter

	name    []byte
	params  []param
	store   []byte // of the names and values of params
	message string
}

// param is a parameter of a command: places in parser.store.
type param struct {
	name, value span
}

type span struct{ from, to int }

func (p *parser) bytes(s span) []byte { return p.store[s.from:s.to] }

// next reads on in a piece. It returns how many bytes it took and what they
// are; with text, out is what to pass on, which may be bytes of opening that
// came with the piece before. needMore means that all of the piece was taken.
func (p *parser) next(in []byte) (n int, out []byte, ev event) {
	if p.state != inText {
		n, ev = p.command(in)
		return n, nil, ev
	}
	if p.matched == 0 {
		n = p.find(in)
		if n > 0 {
			return n, in[:n], text
		}
	}
	for n < len(in) {
		if in[n] != opening[p.matched] {
			out = openingBytes[:p.matched]
			p.matched = 0
			return n, out, text
		}
		n++
		if p.matched++; p.matched == len(opening) {
			p.begin()
			return n, nil, needMore
		}
	}
	return n, nil, needMore
}

var openingBytes = []byte(opening)

// find returns where opening, or its beginning at the end of the piece, is.
func (p *parser) find(in []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(in[at:], opening[0])
		if i < 0 {
			return len(in)
		}
		at += i
		k := 1
		for k < len(opening) && at+k < len(in) && in[at+k] == opening[k] {
			k++
		}
		if k == len(opening) || at+k == len(in) {
			return at
		}
		at += k
	}
}

// begin prepares for a command.
func (p *parser) begin() {
	p.state, p.matched = beforeName, 0
	p.name, p.params, p.store = p.name[:0], p.params[:0], p.store[:0]
}

func isSpace(c byte) bool { return c == ' ' || c == '\r' || c == '\n' || c == '\t' }

// command reads a command up to its end or the end of the piece.
func (p *parser) command(in []byte) (n int, ev event) {
	for i, c := range in {
		if ev := p.step(c); ev != needMore {
			return i + 1, ev
		}
	}
	return len(in), needMore
}

// step takes one byte of a command.
func (p *parser) step(c byte) event {
	switch p.state {
	case beforeName:
		if !isSpace(c) {
			p.name = append(p.name, c)
			p.state = inName
		}
	case inName:
		return p.stepName(c)
	case beforeParam:
		p.stepBeforeParam(c)
	case inParam, beforeEqual, beforeValue:
		return p.stepParam(c)
	case inDouble, inSingle, afterSlash:
		return p.stepValue(c)
	case afterValue:
		switch {
		case isSpace(c):
			p.state = beforeParam
		case c == '-':
			p.state = inEnd
		default:
			return p.fail(inBroken, `unexpected "%s" symbol after "%s" value of "%s" parameter in "%s" SSI command`,
				[]byte{c}, p.value(), p.param(), p.name)
		}
	default:
		return p.stepEnd(c)
	}
	return needMore
}

func (p *parser) stepName(c byte) event {
	switch {
	case isSpace(c):
		p.state = beforeParam
	case c == '-':
		p.state = inEnd
	case len(p.name) == maxCommand:
		return p.fail(inBroken, `the "%s%s..." SSI command is too long`, p.name, []byte{c})
	default:
		p.name = append(p.name, c)
	}
	return needMore
}

func (p *parser) stepBeforeParam(c byte) {
	switch {
	case isSpace(c):
	case c == '-':
		p.state = inEnd
	default:
		at := len(p.store)
		p.store = append(p.store, c)
		p.params = append(p.params, param{name: span{at, at + 1}})
		p.state = inParam
	}
}

// stepParam takes a byte from the name of a parameter to the quote.
func (p *parser) stepParam(c byte) event {
	failed := inBroken
	if c == '-' {
		failed = brokenEnd
	}
	switch {
	case p.state == inParam && c == '-':
		return p.fail(failed, `unexpected "-" symbol after "%s" parameter in "%s" SSI command`, p.param(), p.name)
	case isSpace(c):
		if p.state == inParam {
			p.state = beforeEqual
		}
	case c == '=' && p.state != beforeValue:
		p.state = beforeValue
	case p.state == beforeEqual:
		return p.fail(failed, `unexpected "%s" symbol after "%s" parameter in "%s" SSI command`, []byte{c}, p.param(), p.name)
	case p.state == inParam && len(p.param()) == maxParam:
		return p.fail(inBroken, `too long "%s%s..." parameter in "%s" SSI command`, p.param(), []byte{c}, p.name)
	case p.state == inParam:
		p.store = append(p.store, c)
		p.params[len(p.params)-1].name.to++
	case c == '"' || c == '\'':
		p.state = inDouble
		if c == '\'' {
			p.state = inSingle
		}
		p.params[len(p.params)-1].value = span{len(p.store), len(p.store)}
	default:
		return p.fail(failed, `unexpected "%s" symbol before value of "%s" parameter in "%s" SSI command`,
			[]byte{c}, p.param(), p.name)
	}
	return needMore
}

// stepValue takes a byte of a value.
func (p *parser) stepValue(c byte) event {
	switch {
	case p.state == afterSlash:
		p.state = p.back
	case c == '"' && p.state == inDouble, c == '\'' && p.state == inSingle:
		p.state = afterValue
		return needMore
	case c == '\\':
		p.state, p.back = afterSlash, p.state
	}
	if len(p.value()) == p.valueLen {
		return p.fail(inBroken, `too long "%s%s..." value of "%s" parameter in "%s" SSI command`,
			p.value(), []byte{c}, p.param(), p.name)
	}
	p.store = append(p.store, c)
	p.params[len(p.params)-1].value.to++
	return needMore
}

// stepEnd takes a byte of the end of a command, or of a broken one.
func (p *parser) stepEnd(c byte) event {
	switch s := p.state; {
	case s == inEnd && c == '-':
		p.state = inEnd2
	case s == inEnd2 && c == '>':
		p.state = inText
		return command
	case s == inEnd || s == inEnd2:
		return p.fail(inBroken, `unexpected "%s" symbol in "%s" SSI command`, []byte{c}, p.name)
	case s == inBroken && c == '-':
		p.state = brokenEnd
	case s == brokenEnd && c == '-':
		p.state = brokenEnd2
	case s == brokenEnd2 && c == '>':
		p.state = inText
		return broken
	default:
		p.state = inBroken
	}
	return needMore
}

// param and value are those of the parameter under way.
func (p *parser) param() []byte { return p.bytes(p.params[len(p.params)-1].name) }

func (p *parser) value() []byte { return p.bytes(p.params[len(p.params)-1].value) }

// fail notes what is wrong.
func (p *parser) fail(then state, format string, args ...any) event {
	p.state = then
	p.message = fmt.Sprintf(format, args...)
	return problem
}
