package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Phase names a step of a request to a [Tracer].
type Phase uint8

// The phases, in nginx's order. A content handler that a directive such as
// proxy_pass made the location's own is at Content, too.
const (
	PhasePostRead Phase = iota
	PhaseServerRewrite
	PhaseRewrite
	PhasePreAccess
	PhaseAccess
	PhasePreContent
	PhaseContent
	PhaseTLS // the judgement of a client's certificate, which comes before all others
)

// Tracer watches the requests of a configuration that was loaded to be
// explained, as package explain does. A configuration that serves has none: its
// plans hold the modules' hooks as they are, and the few places that ask for it
// ask once per turn, directive or upstream.
type Tracer interface {
	// Hook runs h, a hook that a module has in a phase, in its stead: it may
	// look at the request before and after, or not run h at all.
	Hook(r *Request, p Phase, module string, h Handler) Result
	// Event is called for what happens between hooks and inside of them. e is valid
	// during the call.
	Event(r *Request, e *Event)
}

// Tracing is what an [Env] has for a configuration that is to be explained.
type Tracing struct {
	Tracer Tracer
	// Log takes the place of every error log.
	Log *errlog.Logger
}

// EventKind says what an [Event] is about.
type EventKind uint8

// The kinds of events. The request is as it is behind the event.
const (
	// EventServer: the header was read and the server chosen. Code is why the
	// request goes no further, or OK.
	EventServer EventKind = iota
	// EventLocated: the location for the URI was chosen. On: the answer is a
	// redirect to the location's name, which the URI lacks the last slash of.
	EventLocated
	// EventLimited: limit_except made its block the location in effect.
	EventLimited
	// EventDirective: the rewrite module executed the statement Node. On says
	// whether the condition of an if held, or the expression of a rewrite
	// matched; Text is what was compared, assigned or sent; Code is that of
	// return, or of a rewrite that redirects.
	EventDirective
	// EventRule: Node is the allow or deny that fits the client.
	EventRule
	// EventTried: a handler looked for the file Text; On: it was what the
	// handler wanted.
	EventTried
	// EventInternal: the request goes on at another URI.
	EventInternal
	// EventNamed: the request goes on in the named location Text.
	EventNamed
	// EventStatus: Code is to be answered by an error page or the default page;
	// Node is the error_page directive, nil for none.
	EventStatus
	// EventPass: the request would be passed to an upstream. Data says how; its
	// type is defined by package pass.
	EventPass
	// EventDone: the response is complete, the request not yet released.
	EventDone
)

// Event is one thing that happened to a request.
type Event struct {
	Kind EventKind
	Node *conf.Node
	Text []byte
	Code Result
	On   bool
	Data any
}

// Tracer returns the configuration's tracer: nil unless it was loaded to be
// explained.
func (r *Request) Tracer() Tracer { return r.cfg.tracer }

// Trace tells the tracer, if there is one, of an event. It is for the places
// where a few instructions do not count.
func (r *Request) Trace(e Event) {
	if t := r.cfg.tracer; t != nil {
		tell(t, r, e)
	}
}

// tell is apart because the event is heap memory from here on.
func tell(t Tracer, r *Request, e Event) { t.Event(r, &e) }

// watch replaces the hooks that module has just added to a plan, those behind
// the lengths in before, by ones that run through the tracer.
func (p *Plan) watch(t Tracer, module string, before [len(watched)]int) {
	for phase, list := range p.lists() {
		for i := before[phase]; i < len(*list); i++ {
			(*list)[i] = through(t, Phase(phase), module, (*list)[i])
		}
	}
}

// watched are the phases whose hooks are watched.
var watched = [...]Phase{
	PhasePostRead, PhaseServerRewrite, PhaseRewrite, PhasePreAccess, PhaseAccess, PhasePreContent, PhaseContent,
}

// lists are the plan's hooks by phase, in the order of watched.
func (p *Plan) lists() [len(watched)]*[]Handler {
	return [...]*[]Handler{
		&p.postRead, &p.serverRewrite, &p.rewrite, &p.preAccess, &p.access, &p.preContent, &p.content,
	}
}

// lengths are those of the lists.
func (p *Plan) lengths() (n [len(watched)]int) {
	for i, list := range p.lists() {
		n[i] = len(*list)
	}
	return n
}

// through makes h a hook that runs through the tracer.
func through(t Tracer, p Phase, module string, h Handler) Handler {
	return func(r *Request) Result { return t.Hook(r, p, module, h) }
}

// complete makes the plan of a location that is explained one without a body:
// the last header filter ends the response with its header. The content handler
// that a directive has set is watched, unless it is the one of the location
// around.
func (p *Plan) complete(t Tracer, own bool) {
	p.filters = append(p.filters, func(r *Request) Result {
		r.Proto.HeaderOnly = true
		return OK
	})
	if l := p.Location; own && l.Content != nil {
		module := ""
		if l.contentNode != nil {
			module = l.contentNode.Name.Value
		}
		l.Content = through(t, PhaseContent, module, l.Content)
	}
}

// watchTLS makes the servers' judgement of client certificates run through the
// tracer.
func watchTLS(t Tracer, servers []*Server) {
	for _, s := range servers {
		if s.CheckTLS != nil {
			s.CheckTLS = through(t, PhaseTLS, "ngx_http_ssl_module", s.CheckTLS)
		}
	}
}
