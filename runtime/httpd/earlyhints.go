package httpd

import "github.com/sluiceproxy/sluice/runtime/script"

// SendEarlyHints sends the visible fields of Out as a 103 response where
// early_hints allows that, and leaves Out to the caller.
func (r *Request) SendEarlyHints() error {
	if r.parent != nil || r.Version < 1001 || !anySet(r, r.loc.Core.EarlyHints.Items) {
		return nil
	}
	err := r.carrier.SendHints(r)
	if err != nil {
		r.Broken(err)
	}
	return err
}

// anySet reports whether one of the values is neither empty nor "0": nginx's test
// of a list of predicates.
func anySet(r *Request, values []*script.Value) bool {
	for _, v := range values {
		if b := v.Eval(r); len(b) > 0 && string(b) != "0" {
			return true
		}
	}
	return false
}
