package rewrite

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// rule is a rewrite directive. Immutable.
type rule struct {
	re      *regex.Regex
	path    *script.Value // the replacement; of a redirect, all of it
	args    *script.Value // what follows the '?' of a replacement, nil without one
	hasArgs bool          // the replacement has a '?'
	addArgs bool          // the request's arguments are added
	last    bool          // processing ends here
	stay    bool          // break: the location is not looked for again
	status  httpd.Result  // of a redirect, else 0
}

// setFlag applies the directive's last word.
func (r *rule) setFlag(flag string) bool {
	switch flag {
	case "last":
	case "break":
		r.stay = true
	case "redirect":
		r.status = httpd.StatusFound
	case "permanent":
		r.status = httpd.StatusMovedPermanently
	default:
		return false
	}
	r.last = true
	return true
}

// compile reads the replacement. The first '?' begins the arguments, which are
// encoded otherwise than the path; a redirect is one text.
func (r *rule) compile(vars *httpd.Vars, to string) (err error) {
	path, args, found := strings.Cut(to, "?")
	r.hasArgs = found
	if found && r.status == 0 {
		if r.args, err = vars.Compile(args); err != nil {
			return err
		}
		to = path
	}
	r.path, err = vars.Compile(to)
	return err
}

// rewrite applies a rule. Processing ends if last, or with a result other than
// Declined.
func (e *engine) rewrite(in *instruction) (rc httpd.Result, last bool) {
	r, u := e.r, in.rule
	if rc := e.match(u.re, r.URI); rc != httpd.OK {
		e.tell(in, false, r.URI, 0)
		return rc, false
	}
	r.SetInternal()
	r.URIChanged()
	e.changed = true
	if u.stay {
		r.InvalidateLocation()
		r.ClearURIChanged()
		e.changed = false
	}
	e.quote = false
	if u.status != 0 {
		e.redirect(u)
		e.tell(in, true, r.Out.Value(h1.Location), u.status)
		return u.status, true
	}
	uri := u.path.Eval(r)
	if u.args != nil {
		args := u.args.Eval(quoted{r})
		if u.addArgs && len(r.Args) > 0 {
			args = r.Join(args, ampersand, r.Args)
		}
		r.Args = args
	} else if !u.addArgs {
		r.Args = r.Args[:0] // known, and empty
	}
	if e.debug {
		r.Debugf("http script regex end")
	}
	if e.logs() {
		r.Logf(errlog.Notice, nil, `rewritten data: "%s", args: "%s"`, uri, r.Args)
	}
	r.SetURI(uri)
	e.tell(in, true, uri, 0)
	if len(uri) == 0 {
		r.Errorf(nil, "the rewritten URI has a zero length")
		return httpd.StatusInternalServerError, true
	}
	return httpd.Declined, u.last
}

var (
	ampersand = []byte("&")
	question  = []byte("?")
)

// redirect makes the replacement the Location.
func (e *engine) redirect(u *rule) {
	r := e.r
	text := u.path.Eval(quoted{r})
	to, n := h1.UnescapeURI(r.Alloc(len(text))[:0], text, h1.UnescapeRedirect)
	to = append(to, text[n:]...)
	if u.addArgs && len(r.Args) > 0 {
		sep := question
		if u.hasArgs {
			sep = ampersand
		}
		to = r.Join(to, sep, r.Args)
	}
	if e.debug {
		r.Debugf("http script regex end")
	}
	if e.logs() {
		r.Logf(errlog.Notice, nil, `rewritten redirect: "%s"`, to)
	}
	r.Out.Remove(h1.Location)
	r.Out.Set(h1.Location, to)
}
