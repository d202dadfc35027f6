package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Result is what a handler returns. Values from 200 up are response codes for
// which the error page or default page is sent.
type Result int

// The results that are no response code.
const (
	OK       Result = 0  // this phase is satisfied
	Error    Result = -1 // the connection is beyond use
	Done     Result = -4 // the response was sent
	Declined Result = -5 // ask the next handler
	Redirect Result = -6 // the request goes on at another URI or location
)

// Handler is a hook of a phase or a content handler.
type Handler func(r *Request) Result

// HeaderFilter looks at a response header before it is sent. OK goes on with
// the next; a code from 300 up replaces the response.
type HeaderFilter func(r *Request) Result

// Plan is what a location does at each step, in module order: only the hooks
// that are switched on there. It is built once, when the configuration is
// loaded, and belongs to its Location.
type Plan struct {
	Block    *conf.Block
	Location *Location
	Core     *settings.Core

	postRead      []Handler // server level
	serverRewrite []Handler // server level
	rewrite       []Handler
	preAccess     []Handler
	access        []Handler
	preContent    []Handler
	content       []Handler
	filters       []HeaderFilter
	trailers      []Handler
	log           []Handler
}

// PostRead adds a hook that runs once, right after the header was read.
func (p *Plan) PostRead(h Handler) { p.postRead = append(p.postRead, h) }

// ServerRewrite adds a hook before the location is chosen.
func (p *Plan) ServerRewrite(h Handler) { p.serverRewrite = append(p.serverRewrite, h) }

// Rewrite adds a hook after the location was chosen; it may change the URI.
func (p *Plan) Rewrite(h Handler) { p.rewrite = append(p.rewrite, h) }

// PreAccess adds a hook before access is checked (limits, realip).
func (p *Plan) PreAccess(h Handler) { p.preAccess = append(p.preAccess, h) }

// Access adds an access check, subject to satisfy: OK grants, 401 and 403
// refuse, Declined has no opinion.
func (p *Plan) Access(h Handler) { p.access = append(p.access, h) }

// PreContent adds a hook after access was granted (try_files, mirror).
func (p *Plan) PreContent(h Handler) { p.preContent = append(p.preContent, h) }

// AddContent adds a content handler that is asked, in order, where no
// directive (proxy_pass, ...) has taken the location.
func (p *Plan) AddContent(h Handler) { p.content = append(p.content, h) }

// HeaderFilter adds a filter of response headers. Filters run in the order of
// the module list.
func (p *Plan) HeaderFilter(f HeaderFilter) { p.filters = append(p.filters, f) }

// Trailers adds a hook that runs when the body is complete and trailers are
// about to be sent, for those that asked with [Request.ExpectTrailers].
func (p *Plan) Trailers(h Handler) { p.trailers = append(p.trailers, h) }

// Log adds a hook after the response was sent.
func (p *Plan) Log(h Handler) { p.log = append(p.log, h) }

// step is where phases starts.
type step uint8

const (
	atStart    step = iota // post-read
	atServer               // server rewrite
	atLocation             // the location is chosen already (named locations)
)

// phases runs the request until something finalizes it.
func (r *Request) phases(from step) Result {
	if from == atStart {
		if rc := each(r.srv.Root.Plan.postRead, r); rc != OK {
			return rc
		}
		from = atServer
	}
	if from == atServer {
		if rc := run(r.srv.Root.Plan.serverRewrite, r); rc != Declined {
			return rc
		}
		if rc := r.findLocation(); rc != OK {
			return rc
		}
	}
	for {
		if rc := run(r.loc.Plan.rewrite, r); rc != Declined {
			return rc
		}
		if !r.uriChanged {
			return r.serveLocation()
		}
		if r.uriChanges--; r.uriChanges == 0 {
			r.Errorf(nil, `rewrite or internal redirection cycle while processing "%s"`, r.URI)
			return StatusInternalServerError
		}
		if r.Debugging() {
			r.Debugf("uri changes: %d", r.uriChanges+1)
		}
		r.loc = r.srv.Root
		if rc := r.findLocation(); rc != OK {
			return rc
		}
	}
}

// run calls handlers until one returns something other than Declined.
func run(list []Handler, r *Request) Result {
	for _, h := range list {
		if rc := h(r); rc != Declined {
			return rc
		}
	}
	return Declined
}

// each calls all handlers, until one returns something other than Declined or OK.
func each(list []Handler, r *Request) Result {
	for _, h := range list {
		if rc := h(r); rc != Declined && rc != OK {
			return rc
		}
	}
	return OK
}

func (r *Request) serveLocation() Result {
	p := &r.loc.Plan
	if rc := each(p.preAccess, r); rc != OK {
		return rc
	}
	if len(p.access) > 0 && r.parent == nil {
		if rc := r.checkAccess(); rc != OK {
			return rc
		}
	}
	if rc := each(p.preContent, r); rc != OK {
		return rc
	}
	return r.runContent()
}

// checkAccess applies satisfy to the access checks.
func (r *Request) checkAccess() Result {
	list := r.loc.Plan.access
	if !r.loc.Core.SatisfyAny {
		return r.failAuth(each(list, r))
	}
	refused := OK
	for _, h := range list {
		switch rc := h(r); rc {
		case OK:
			r.Out.Remove(h1.WWWAuthenticate)
			r.Out.Remove(h1.ProxyAuthenticate)
			return OK
		case Declined:
		case StatusUnauthorized, StatusForbidden, StatusProxyAuthRequired:
			if refused != StatusUnauthorized && refused != StatusProxyAuthRequired {
				refused = rc
			}
		default:
			return rc
		}
	}
	if refused == StatusForbidden {
		r.Errorf(nil, "access forbidden by rule")
	}
	return r.failAuth(refused)
}

// failAuth delays the answer to a wrong password by auth_delay.
func (r *Request) failAuth(rc Result) Result {
	if (rc == StatusUnauthorized || rc == StatusProxyAuthRequired) && r.loc.Core.AuthDelay > 0 {
		r.Sleep(r.loc.Core.AuthDelay)
	}
	return rc
}

func (r *Request) runContent() Result {
	if r.lostContent {
		r.Logf(levelAlert, nil, "no upstream configuration")
		return StatusInternalServerError
	}
	if h := r.loc.Content; h != nil {
		return h(r)
	}
	if rc := run(r.loc.Plan.content, r); rc != Declined {
		return rc
	}
	if r.OnFolder() {
		if path, ok := r.MapURI(); ok {
			r.Errorf(nil, `directory index of "%s" is forbidden`, path)
		}
		return StatusForbidden
	}
	r.Errorf(nil, "no handler found")
	return StatusNotFound
}
