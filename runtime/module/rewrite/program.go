package rewrite

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

type opcode uint8

const (
	opSet opcode = iota
	opReturn
	opBreak
	opRewrite
	opIfTrue
	opIfEqual
	opIfMatch
	opIfFile
)

// instruction is one directive, compiled. Which fields count depends on op.
type instruction struct {
	op     opcode
	negate bool   // the condition's outcome is turned round
	bare   bool   // return without a text, from 400 up: the error page answers
	file   byte   // the file test: one of f, d, e, x
	index  int    // set, if: the variable
	name   string // of that, in a set
	next   int    // where to go on if the condition does not hold
	value  *script.Value
	re     *regex.Regex
	rule   *rule
	status httpd.Result
	node   *conf.Node      // the directive
	inner  *conf.Block     // if: its block
	enter  *httpd.Location // if in a location: what takes over
}

// program is the instructions of a server or a location. Immutable.
type program struct {
	code []instruction
	log  bool // rewrite_log
}

// engine is the state of one run.
type engine struct {
	r *httpd.Request
	// quote makes captures of an encoded URI be encoded again. It holds until
	// the first rewrite matched.
	quote bool
	// changed is true if this run has changed the URI.
	changed bool
	log     bool
	debug   bool         // a log takes debug records
	tracer  httpd.Tracer // nil unless the request is explained
}

// run is the handler of the server rewrite and rewrite phases.
func (p *program) run(r *httpd.Request) httpd.Result {
	e := engine{r: r, quote: true, log: p.log, debug: r.Debugging(), tracer: r.Tracer()}
	for ip := 0; ip < len(p.code); {
		in := &p.code[ip]
		ip++
		switch in.op {
		case opSet:
			v := e.eval(in.value)
			if e.debug {
				r.Debugf(`http script value: "%s"`, v)
				r.Debugf("http script set $%s", in.name)
			}
			r.SetVar(in.index, v)
			e.tell(in, true, v, 0)
		case opReturn:
			if in.bare {
				e.tell(in, true, nil, in.status)
				return in.status
			}
			r.Out.Status = int(in.status) // the text may say $status
			e.tell(in, true, nil, in.status)
			if rc := r.DiscardBody(); rc != httpd.OK {
				return rc
			}
			return r.Respond(in.status, nil, in.value.Eval(r))
		case opBreak:
			e.tell(in, true, nil, 0)
			if e.changed {
				r.InvalidateLocation()
				r.ClearURIChanged()
			}
			return httpd.Declined
		case opRewrite:
			rc, last := e.rewrite(in)
			if rc != httpd.Declined || last {
				return rc
			}
		default:
			ok, rc := e.test(in)
			if e.debug {
				e.debugIf(ok != in.negate)
			}
			e.tell(in, ok != in.negate, nil, 0)
			switch {
			case rc != httpd.OK:
				return rc
			case ok == in.negate:
				ip = in.next
			case in.enter != nil:
				r.Enter(in.enter)
			}
		}
	}
	return httpd.Declined
}

// tell reports an executed instruction to the tracer: whether its condition held or
// its expression matched, the text and the code it is about.
func (e *engine) tell(in *instruction, on bool, text []byte, code httpd.Result) {
	if e.tracer != nil {
		e.told(in, on, text, code)
	}
}

func (e *engine) told(in *instruction, on bool, text []byte, code httpd.Result) {
	switch in.op {
	case opReturn:
		text = in.value.Eval(e.r)
	case opIfFile:
		text = e.eval(in.value)
	case opIfTrue, opIfEqual, opIfMatch:
		text = e.r.Var(in.index)
	}
	e.tracer.Event(e.r, &httpd.Event{Kind: httpd.EventDirective, Node: in.node, On: on, Text: text, Code: code})
}

// eval evaluates the text of a set or of a condition.
func (e *engine) eval(v *script.Value) []byte {
	if e.quote {
		return v.Eval(quoted{e.r})
	}
	return v.Eval(e.r)
}

// quoted is a request whose captures are encoded as arguments if the client's
// URI was encoded: it undoes the decoding of what was matched.
type quoted struct{ *httpd.Request }

// Capture implements script.Session.
func (q quoted) Capture(n int) []byte {
	c := q.Request.Capture(n)
	if !q.EncodedURI() {
		return c
	}
	more := h1.CountEscapes(c, h1.ForArgs)
	if more == 0 {
		return c
	}
	return h1.EscapeURI(q.Alloc(len(c) + 2*more)[:0], c, h1.ForArgs)
}

// test reports whether a condition holds, before negation. A result other than OK
// ends the request.
func (e *engine) test(in *instruction) (bool, httpd.Result) {
	switch in.op {
	case opIfEqual:
		v, with := e.r.Var(in.index), e.eval(in.value)
		ok := bytes.Equal(v, with)
		if e.debug {
			e.debugEqual(v, with, ok, in.negate)
		}
		return ok, httpd.OK
	case opIfMatch:
		switch rc := e.match(in.re, e.r.Var(in.index)); rc {
		case httpd.OK:
			return true, httpd.OK
		case httpd.Declined:
			return false, httpd.OK
		default:
			return false, rc
		}
	case opIfFile:
		ok := e.testFile(in.file, e.eval(in.value))
		if e.debug && ok == in.negate {
			e.r.Debugf("http script file op false")
		}
		return ok, httpd.OK
	default:
		v := e.r.Var(in.index)
		return len(v) > 1 || len(v) == 1 && v[0] != '0', httpd.OK
	}
}

// match runs an expression; a failure to match also forgets the captures.
func (e *engine) match(re *regex.Regex, data []byte) httpd.Result {
	if e.debug {
		e.r.Debugf(`http script regex: "%s"`, re)
	}
	rc := e.r.TryMatch(re, data)
	switch rc {
	case httpd.OK:
		if e.logs() {
			e.r.Logf(errlog.Notice, nil, `"%s" matches "%s"`, re, data)
		}
	case httpd.Declined:
		if e.logs() {
			e.r.Logf(errlog.Notice, nil, `"%s" does not match "%s"`, re, data)
		}
		e.r.SetCaptures(nil, e.r.Captures()[:0])
	}
	return rc
}

// logs reports whether rewrite_log's lines are to be written: a log at level
// debug has them too.
func (e *engine) logs() bool { return e.log || e.debug }

// debugIf notes the outcome of a condition.
func (e *engine) debugIf(holds bool) {
	e.r.Debugf("http script if")
	if !holds {
		e.r.Debugf("http script if: false")
	}
}

// debugEqual notes a comparison.
func (e *engine) debugEqual(v, with []byte, equal, negate bool) {
	word := "equal"
	if negate {
		word = "not equal"
	}
	e.r.Debugf(`http script var: "%s"`, v)
	e.r.Debugf(`http script value: "%s"`, with)
	e.r.Debugf("http script %s", word)
	if equal == negate {
		e.r.Debugf("http script %s: no", word)
	}
}

// testFile reports whether path is of the given kind: f a regular file, d a
// directory, e any of these, x executable.
func (e *engine) testFile(kind byte, path []byte) bool {
	info := e.r.File()
	if e.debug {
		e.r.Debugf(`http script file op %c "%s"`, kind, path)
	}
	err := e.r.Open(path, info, true)
	ok := err == nil && is(info, kind)
	failed := info.Failed
	info.Close()
	if err != nil && !openfile.NotFound(err) {
		e.r.Logf(errlog.Crit, err, `%s "%s" failed`, failed, path)
	}
	return ok
}

func is(info *openfile.Info, kind byte) bool {
	switch kind {
	case 'f':
		return info.IsFile()
	case 'd':
		return info.IsDir()
	case 'e':
		return info.IsFile() || info.IsDir()
	default:
		return info.IsExec()
	}
}
