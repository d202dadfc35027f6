package httpd

// afterCycle is uriChanges for post_action where a cycle of rewrites or error pages has brought it to 0. The first
// post_action is run all the same, and takes one off: nginx counts in a field of four bits, which is 15 then.
const afterCycle = 16

// Answered reports whether the client has its answer already, and what a handler
// does is post_action's.
func (r *Request) Answered() bool { return r.answered }

// postAction runs the location of post_action once the client has its answer,
// and that of the location it ended in, and so on. What comes of it is not
// sent; the request is logged after it, and there.
func (r *Request) postAction() {
	if r.loc.Core.PostAction == "" || r.noPostAction {
		return
	}
	if !r.Proto.Failed {
		if err := r.carrier.Flush(r); err != nil {
			r.Broken(err)
		}
	}
	failed := r.Proto.Failed
	r.Proto.Failed, r.answered, r.Proto.HeaderOnly = false, true, true
	if r.uriChanges == 0 {
		r.uriChanges = afterCycle
	}
	for target := r.loc.Core.PostAction; target != "" && r.uriChanges > 0; target = r.loc.Core.PostAction {
		var rc Result
		if target[0] == '@' {
			rc = r.NamedLocation([]byte(target))
		} else {
			rc = r.InternalRedirect([]byte(target), nil)
		}
		for rc == Redirect || rc >= 300 {
			if rc == Redirect {
				rc = r.phases(r.resumeAt)
			} else {
				rc = r.special(rc)
			}
		}
	}
	r.Proto.Failed = failed
}
