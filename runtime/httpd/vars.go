package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// maxVarDepth bounds the evaluation of variables by variables.
const maxVarDepth = 100

// Var implements script.Session: it computes a variable once per request,
// unless it asks for more.
func (r *Request) Var(i int) []byte {
	b, _ := r.Lookup(i)
	return b
}

// Lookup returns the value of variable i and whether it has one.
func (r *Request) Lookup(i int) ([]byte, bool) {
	v := &r.vars[i]
	def := r.cfg.vars[i]
	if v.state == varStored || v.state != varUnset && (!def.NoCache || def.Get == nil) {
		return v.b, v.state != varNone
	}
	if def.Get == nil {
		if r.cfg.uninitialized != nil {
			r.cfg.uninitialized(r, def.Name)
		}
		v.b, v.state = nil, varValid
		return nil, true
	}
	if r.varDepth >= maxVarDepth {
		r.Logf(errlog.Error, nil, `cycle while evaluating variable "%s"`, def.Name)
		return nil, false
	}
	r.varDepth++
	b, ok := def.Get(r, def.Arg)
	r.varDepth--
	v = &r.vars[i]
	v.b, v.state = b, varNone
	if ok {
		v.state = varValid
	}
	return b, ok
}

// LookupName returns the value of the variable of a name in lower case that was
// not known when the configuration was loaded, and whether it has one.
func (r *Request) LookupName(name string) ([]byte, bool) {
	def, i := r.cfg.names.Find(name)
	if i >= 0 {
		return r.Lookup(i)
	}
	if def == nil || def.Get == nil {
		return nil, false
	}
	if r.varDepth >= maxVarDepth {
		r.Logf(errlog.Error, nil, `cycle while evaluating variable "%s"`, name)
		return nil, false
	}
	r.varDepth++
	b, ok := def.Get(r, def.Arg)
	r.varDepth--
	return b, ok
}

// SetVar stores a value; b must live as long as the request.
func (r *Request) SetVar(i int, b []byte) {
	if set := r.cfg.vars[i].Set; set != nil {
		set(r, b)
		return
	}
	r.StoreVar(i, b)
}

// StoreVar stores a value without the variable's own setter, as a named group
// of an expression does. From then on it is not computed any more.
func (r *Request) StoreVar(i int, b []byte) { r.vars[i] = varValue{b: b, state: varStored} }

// OnUninitialized makes fn be called for variables that are used before set has
// assigned a value (the rewrite module's warning).
func (b *Builder) OnUninitialized(fn func(r *Request, name string)) { b.uninitialized = fn }
