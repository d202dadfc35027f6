package httpd

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Request is one request, or a subrequest. It belongs to its connection's
// goroutine and is pooled: nothing of it may be used after the log phase.
type Request struct {
	// The request as the client sent it.
	Line      h1.RequestLine
	Method    h1.Method
	MethodStr []byte
	Version   int // 9, 1000, 1001, VersionHTTP2
	In        header.In

	// URI is the decoded, normalised path; it changes with rewrites. Args are
	// the arguments without '?'. Unparsed is the target as sent.
	URI, Args, Unparsed []byte

	// StatusZone is what a main request is counted in by the api module, nil for nothing.
	// It stays over internal redirects.
	StatusZone any

	// Body is the request body.
	Body Body

	// Out is the response header, to be filled before SendHeader.
	Out header.Out

	// Proto is what the request and the protocol that carries it both use.
	Proto Proto

	cfg     *Config
	client  *front.Client
	carrier Carrier
	sni     *SNIChoice      // nil where a handshake has chosen no server
	numbers *atomic.Uint64  // see Numbers
	live    *sync.WaitGroup // of what has to end before the server does
	listen  *Addr           // the address of listen that the connection came in on
	srv     *Server
	loc     *Location
	parent  *Request // nil for a client's own request
	main    *Request
	member  *member // nil without included subrequests

	// Of a main request: the log of the server or location that it has come to, what
	// debug records are wanted of it, whether debug_connection names the client, and
	// what is being done, for the error log.
	log     *errlog.Logger
	debug   errlog.DebugMask
	verbose bool
	action  string

	// The client's address after realip, of a main request, once replaced.
	peer     netaddr.Addr
	peerText []byte
	replaced bool

	Start      int64 // clock.Mono when its first bytes were there
	uriChanges int
	subDepth   int

	uriChanged    bool
	internal      bool
	validLocation bool // alias may be used: the URI is the one the location matched
	addURIToAlias bool
	emptyOnSlash  bool // the root that an empty URI stands for ends with a slash
	errorPage     bool
	errStatus     int
	bodyInFile    int // client_body_in_file_only of the last location on the way that had it on
	headerSent    bool
	answered      bool // the client has its response, post_action runs
	needMemory    bool // a filter must see file contents
	lateMemory    bool // ... one that sees those of subrequests, too
	mayInclude    bool // a filter may include subrequests
	noPostAction  bool // the connection is closed without an answer (444)
	background    bool // output is dropped (mirror)
	noBody        bool // a subrequest that has no part in the request body
	logged        bool
	allowRanges   bool
	singleRange   bool
	subRanges     bool // the range of the main request is cut out of this subrequest, too
	cloned        bool // a subrequest that is a copy of its parent: see SubOptions.Clone
	lostContent   bool // an earlier if block passed requests on, the one in effect has no *_pass
	noNotModified bool // preconditions are not for us to check
	preferETag    bool // see PreferETag
	fileUsed      bool // File was called

	captures    []int
	captureData []byte
	vars        []varValue
	ownVars     []varValue // of a subrequest, while vars are its parent's
	ctx         []any
	varDepth    int

	filters   []activeFilter
	limitFrom int64 // ns, when limit_rate accounting began
	limitRate int64
	limitSet  bool
	limitPast int64
	// limitUntil is when limit_rate lets the main request send again, by clock.Mono.
	limitUntil int64
	capture    *capture

	upstream Upstream       // of the modules that pass requests on
	about    errlog.Context // of a Probe: what its lines in the error log are about

	ends     []Ender
	again    Ender          // see Again
	resumeAt step           // where a Redirect continues
	file     *openfile.Info // kept with the pooled request
	piece    Out

	arena buf.Arena
	id    []byte // $request_id
}

// VersionHTTP2 is the Version of HTTP/2.
const VersionHTTP2 = 2000

// varValue caches one variable.
type varValue struct {
	b     []byte
	state uint8
}

const (
	varUnset uint8 = iota
	varValid
	varNone   // evaluated: no value
	varStored // assigned: holds even where the variable is not cached
)

// Config returns the configuration the request runs under.
func (r *Request) Config() *Config { return r.cfg }

// Server returns the server block that was chosen.
func (r *Request) Server() *Server { return r.srv }

// Location returns the location (or if block) in effect.
func (r *Request) Location() *Location { return r.loc }

// Core returns the http_core settings in effect.
func (r *Request) Core() *settings.Core { return r.loc.Core }

// Parent returns the request that issued this subrequest, nil for the main
// one.
func (r *Request) Parent() *Request { return r.parent }

// Main returns the client's own request.
func (r *Request) Main() *Request { return r.main }

// Internal reports whether the request came by an internal redirect or is a
// subrequest.
func (r *Request) Internal() bool { return r.internal }

// SetInternal marks the request as internal.
func (r *Request) SetInternal() { r.internal = true }

// HeaderOnly reports whether the response has no body (HEAD, 304, ...).
func (r *Request) HeaderOnly() bool { return r.Proto.HeaderOnly }

// SetHeaderOnly says that no body is sent, whatever is output.
func (r *Request) SetHeaderOnly() { r.Proto.HeaderOnly = true }

// HeaderSent reports whether the response header has been sent.
func (r *Request) HeaderSent() bool { return r.headerSent }

// Sent returns the bytes sent for this request, header included; HeaderSize is
// the header's share of it.
func (r *Request) Sent() int64 { return r.Proto.Sent }

// HeaderSize returns the size of the response header that was sent.
func (r *Request) HeaderSize() int64 { return r.Proto.HeadSize }

// Failed reports that the client is gone or the response broke off.
func (r *Request) Failed() bool { return r.Proto.Failed }

// Keepalive reports whether the connection will serve another request.
func (r *Request) Keepalive() bool { return r.Proto.Keepalive }

// CloseConnection makes the connection end after this response.
func (r *Request) CloseConnection() { r.Proto.Keepalive = false }

// DisableNotModified keeps the response from being judged by the request's
// preconditions: an upstream server has done so already.
func (r *Request) DisableNotModified() { r.noNotModified = true }

// PreferETag makes If-Modified-Since not count where there is If-None-Match (RFC 9110,
// section 13.1.3); in nginx both have to hold.
func (r *Request) PreferETag() { r.preferETag = true }

// ETagPreferred reports whether PreferETag was called.
func (r *Request) ETagPreferred() bool { return r.preferETag }

// NotModifiedDisabled reports whether DisableNotModified was called.
func (r *Request) NotModifiedDisabled() bool { return r.noNotModified }

// ExpectTrailers makes the response chunked where the client understands that,
// because trailers may follow the body.
func (r *Request) ExpectTrailers() { r.Proto.ExpectTrailers = true }

// Pipelined reports whether the client sent the request before it had the
// response to the one before it. No subrequest was sent by a client.
func (r *Request) Pipelined() bool { return r.Proto.Pipelined }

// Host returns the host the client asked for, in lower case, without the port.
func (r *Request) Host() []byte { return r.Proto.Host }

// Length returns the bytes received for this request so far.
func (r *Request) Length() int64 { return r.Proto.Length }

// Ctx returns the place for a module's data on this request; the number comes
// from [Builder.Slot]. It is cleared by internal redirects.
func (r *Request) Ctx(slot int) *any { return &r.ctx[slot] }

// Ender has a function that is called when a client's request is over, its log lines included.
type Ender interface{ End() }

// AtEnd registers e with the client's request.
func (r *Request) AtEnd(e Ender) { r.main.ends = append(r.main.ends, e) }

// IsGet reports a GET or HEAD request.
func (r *Request) IsGet() bool { return r.Method == h1.Get || r.Method == h1.Head }

// MSIE6 reports whether the client calls itself a Microsoft browser before
// version 7 without its second service pack.
func (r *Request) MSIE6() bool { return r.In.UserAgent&header.MSIE6 != 0 }

// URIChanged tells the phases that rewrite changed the URI.
func (r *Request) URIChanged() {
	r.uriChanged = true
	r.Proto.ValidUnparsed = false
}

// ClearURIChanged undoes it (rewrite ... break).
func (r *Request) ClearURIChanged() { r.uriChanged = false }

// ValidUnparsed reports whether Unparsed still stands for URI, so that a proxy
// may send it as it came.
func (r *Request) ValidUnparsed() bool { return r.Proto.ValidUnparsed }

// InvalidateLocation says that the URI is no longer the one the location
// matched: alias must not be used.
func (r *Request) InvalidateLocation() { r.validLocation = false }

// ValidLocation reports whether the URI is still the one the location matched.
func (r *Request) ValidLocation() bool { return r.validLocation }

// EncodedURI reports whether the client's target had encoded characters or a
// plus sign, so that rewrite encodes what it takes from the URI.
func (r *Request) EncodedURI() bool { return r.Proto.EncodedURI }

// SetURI sets the path of a rewritten request.
func (r *Request) SetURI(uri []byte) { r.URI = uri }

// Enter makes l the location in effect: how an if block takes over. Once one if
// block had a *_pass directive, those that follow need one, too, as in nginx.
func (r *Request) Enter(l *Location) {
	lost := !l.passes && (r.lostContent || r.loc.NoName && r.loc.passes)
	r.loc = l
	r.enterLocation()
	r.lostContent = lost
}

// Alloc returns n bytes that live as long as the request.
func (r *Request) Alloc(n int) []byte { return r.main.arena.Alloc(n) }

// Copy returns a copy of b that lives as long as the request.
func (r *Request) Copy(b []byte) []byte {
	c := r.Alloc(len(b))
	copy(c, b)
	return c
}

// Join returns the parts one after the other, living as long as the request.
func (r *Request) Join(parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := r.Alloc(n)[:0]
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// Number returns n in decimal, living as long as the request.
func (r *Request) Number(n int64) []byte {
	return strconv.AppendInt(r.Alloc(20)[:0], n, 10)
}

// Numbers returns the last of the process's numbers: names of temporary files and
// boundaries of multipart responses are made of the same ones, as in nginx.
func (r *Request) Numbers() *atomic.Uint64 { return r.numbers }

// Capture implements script.Session.
func (r *Request) Capture(n int) []byte {
	if 2*n+1 >= len(r.captures) || r.captures[2*n] < 0 {
		return nil
	}
	return r.captureData[r.captures[2*n]:r.captures[2*n+1]]
}

// Captures returns a buffer of offsets for a regular expression to fill; hand
// the result to SetCaptures.
func (r *Request) Captures() []int { return r.captures }

// SetCaptures makes offsets into data the captures that $1..$9 refer to. data
// must live as long as the request.
func (r *Request) SetCaptures(data []byte, offsets []int) {
	r.captures, r.captureData = offsets, data
}

// Log returns the error log in effect.
// As in nginx it follows the main request through the locations; subrequests log
// there, too.
func (r *Request) Log() *errlog.Logger { return r.main.log }

// Logf writes to the error log with the request's context. err may carry an
// errno.
func (r *Request) Logf(lv errlog.Level, err error, format string, args ...any) {
	if l := r.Log(); l.Enabled(lv) {
		l.Log(lv, r.client.ID, err, r, format, args...)
	}
}

// Errorf logs at level error.
func (r *Request) Errorf(err error, format string, args ...any) {
	r.Logf(errlog.Error, err, format, args...)
}

// LogFields implements errlog.Context: the client and its request.
func (r *Request) LogFields(f *errlog.Fields) {
	f.Action(r.main.action)
	if r.about != nil {
		r.about.LogFields(f)
		return
	}
	f.Add("client", r.RemoteAddr())
	f.Add("server", []byte(r.srv.Name))
	if line := r.main.Line.Line; len(line) > 0 {
		f.Quote("request", line)
	}
	if r != r.main {
		f.Quote("subrequest", r.URI)
	}
	if r.upstream != nil {
		r.upstream.LogUpstream(f)
	}
	if h := r.main.In.Get(h1.Host); h != nil {
		f.Quote("host", h)
	}
	if h := r.main.In.Get(h1.Referer); h != nil {
		f.Quote("referrer", h)
	}
}

// Action names what is being done, for error log lines: " while " and this text.
// Empty for nothing.
func (r *Request) Action(text string) { r.main.action = text }
