package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
)

// Debug records are nginx's, in its words, as far as there is such a step here.
// The caller checks Debugging first: where no log takes debug records, they cost a
// test of one bit.

// setLog makes l the main request's log: that of the server or location it has
// come to.
func (r *Request) setLog(l *errlog.Logger) {
	if r.verbose {
		l = l.Verbose()
	}
	r.log, r.debug = l, l.Debug()
}

// Debugging reports whether debug records about this request are wanted: what
// to ask before Debugf, whose arguments have a cost.
func (r *Request) Debugging() bool { return r.main.debug&errlog.DebugHTTP != 0 }

// Debugf writes a debug record about the request.
func (r *Request) Debugf(format string, args ...any) {
	r.main.log.Log(errlog.Debug, r.client.ID, nil, nil, format, args...)
}

// DebugRequestLine notes the parts of a request line.
func (r *Request) DebugRequestLine() {
	r.Debugf("http request line: \"%s\"", r.Line.Line)
	r.Debugf("http uri: \"%s\"", r.URI)
	r.Debugf("http args: \"%s\"", r.Args)
	r.Debugf("http exten: \"%s\"", r.Line.Ext)
}

// debugLocation notes how a location was found.
func (r *Request) debugLocation() {
	r.srv.Root.Tree.Trace(r.URI, func(l *route.Location[*Location]) {
		if l.Regex == nil {
			r.Debugf("test location: \"%s\"", l.Name)
		} else {
			r.Debugf("test location: ~ \"%s\"", l.Name)
		}
	})
	mark := ""
	switch {
	case r.loc.NoName:
		mark = "*"
	case r.loc.Exact:
		mark = "="
	}
	r.Debugf("using configuration \"%s%s\"", mark, r.loc.Name)
}

// debugFinalize notes a result.
func (r *Request) debugFinalize(rc Result) {
	if rc == Done {
		rc = OK // nginx's handlers do not tell these two apart
	}
	r.Debugf("http finalize request: %d, \"%s?%s\" a:1, c:1", int(rc), r.URI, r.Args)
}

// DebugHeader notes the header that is about to be sent, without its last line
// break.
func (r *Request) DebugHeader(head []byte) {
	r.Debugf("%s", head[:max(len(head)-2, 0)])
	r.Debugf("http write filter: l:0 f:0 s:%d", len(head))
}
