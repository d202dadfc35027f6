package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// maxSubrequests is nginx's depth limit of subrequests.
const maxSubrequests = 50

// SubOptions say how a subrequest is made and what becomes of its output.
type SubOptions struct {
	// Capture keeps the body instead of sending it, up to
	// subrequest_output_buffer_size; see [Request.Captured].
	Capture bool
	// Waited marks an included subrequest that its parent is about to await.
	Waited bool
	// Finish is called on an included subrequest whenever its response is about
	// to be complete, with the result of its handler. It may put out a response
	// of its own, and returns the result that is to hold.
	Finish func(s *Request, rc Result) Result
	// HeaderOnly stops after the response header (auth_request).
	HeaderOnly bool
	// Background drops everything (mirror).
	Background bool
	// KeepMethod keeps the parent's method instead of GET.
	KeepMethod bool
	// Clone makes a copy of the parent, which its content handler answers, without the phases
	// before.
	Clone bool
	// NoBody hides the parent's request body.
	NoBody bool
}

// Subrequest runs the location that uri belongs to and returns the finished
// child, whose Out tells the outcome; its body is captured or dropped. The
// caller hands it back with Release.
func (r *Request) Subrequest(uri, args []byte, o SubOptions) (*Request, Result) {
	if r.subDepth > maxSubrequests {
		r.Errorf(nil, `subrequests cycle while processing "%s"`, uri)
		return nil, Error
	}
	if r.Debugging() {
		r.Debugf(`http subrequest "%s?%s"`, uri, args)
	}
	s := r.child(uri, args, o)
	r.main.action = ""
	rc := s.phases(atServer)
	s.Finalize(rc)
	if s.loc.Core.LogSubrequest {
		s.LogRequest()
	}
	return s, rc
}

// child makes a request inside r. It sees and sets r's variables, as in nginx;
// so its memory is the main request's.
func (r *Request) child(uri, args []byte, o SubOptions) *Request {
	s := requests.Get().(*Request)
	s.cfg, s.client, s.carrier, s.listen, s.srv = r.cfg, r.client, r.carrier, r.listen, r.srv
	s.sni, s.numbers, s.live = r.sni, r.numbers, r.live
	s.loc = s.srv.Root
	s.parent, s.main = r, r.main
	s.subDepth = r.subDepth + 1
	s.prepare()
	s.ownVars, s.vars = s.vars, r.vars
	s.noBody = o.NoBody
	s.Start = r.Start
	s.Line, s.Version = r.Line, r.Version
	s.In.Copy(&r.In)
	s.Method, s.MethodStr = h1.Get, methodGet
	if o.KeepMethod {
		s.Method, s.MethodStr = r.Method, r.MethodStr
		s.Unparsed = r.Unparsed
	}
	s.URI, s.Args = uri, args
	s.internal = true
	s.Proto.ValidUnparsed = false
	s.Proto.Host, s.Proto.Port = r.Proto.Host, r.Proto.Port
	s.background = o.Background
	s.Proto.HeaderOnly = o.HeaderOnly
	if o.Capture {
		s.capture = new(capture)
	}
	if o.Clone {
		s.becomeCopy(r)
	}
	return s
}

// becomeCopy makes a subrequest one for what r is for, in r's location.
func (r *Request) becomeCopy(of *Request) {
	r.Method, r.MethodStr, r.Unparsed = of.Method, of.MethodStr, of.Unparsed
	r.loc, r.validLocation, r.cloned = of.loc, of.validLocation, true
	r.Proto.ValidUnparsed, r.Proto.EncodedURI = of.Proto.ValidUnparsed, of.Proto.EncodedURI
	r.captures, r.captureData = append(r.captures[:0], of.captures...), of.captureData
	r.enterLocation()
}

// Captured returns the body that a subrequest with Capture produced.
func (r *Request) Captured() []byte {
	if r.capture == nil || r.capture.b == nil {
		return nil
	}
	return r.capture.b.B[:r.capture.n]
}

// capture collects a subrequest's body.
type capture struct {
	b *buf.Buf
	n int
}

func (c *capture) take(r *Request, o *Out) error {
	if c.b == nil {
		size := r.loc.Core.SubBufferSize
		if n := r.Out.ContentLength; n != -1 {
			if n > size {
				r.Errorf(nil, "too big subrequest response: %d", n)
				return ErrTooLarge
			}
			size = n
		}
		c.b = buf.Sized(int(size))
		c.b.B = c.b.B[:size]
	}
	if len(o.Mem) > len(c.b.B)-c.n {
		r.Errorf(nil, "too big subrequest response")
		return ErrTooLarge
	}
	c.n += copy(c.b.B[c.n:], o.Mem)
	return nil
}
