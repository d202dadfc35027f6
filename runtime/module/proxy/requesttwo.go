package proxy

import (
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/h2peer"
)

// appendTwo is AppendRequest for HTTP/2. It has no URI for the error log, as in nginx.
func (c *call) appendTwo(dst, method []byte) ([]byte, error) {
	r, s := c.R, c.target.conf
	c.SetURI(0, 0)
	c.peer.Head = c.head
	if s.body != nil {
		c.Own = s.body.Eval(r)
		c.length = int64(len(c.Own))
	}
	path := c.path()
	if len(path) == 0 {
		r.Errorf(nil, "%s", errNoURI.Error())
		return dst, errNoURI
	}
	host := c.To.Name
	if c.plan.host != nil {
		if v := c.plan.host.Eval(r); len(v) > 0 {
			host = v
		}
	}
	b, err := h2peer.AppendPseudo(c.peer.BeginRequest(dst), r, method, c.TLS != nil, path, host)
	if err != nil {
		return b, err
	}
	if b, err = c.plan.fields.Append(b, r, c.length, s.PassHeaders); err != nil {
		return b, err
	}
	return c.peer.EndRequest(b, c.hasBody()), nil
}

// path is appendURI as a text of its own.
func (c *call) path() []byte {
	r, uri := c.R, c.To.URI
	if len(uri) == 0 && r.ValidUnparsed() {
		return r.Unparsed
	}
	return c.appendURI(r.Alloc(len(uri) + 3*len(r.URI) + 1 + len(r.Args))[:0])
}

// hasBody reports whether a body follows the head.
func (c *call) hasBody() bool {
	b := &c.R.Body
	return len(c.Own) > 0 || !c.NoBody && (c.Stream || len(b.Mem) > 0 || b.File != nil)
}

// Open implements pass.Opener.
func (c *call) Open(x *pass.Exchange, kept any, head []byte) (keep any, skip int) {
	if !c.two {
		return nil, 0
	}
	return c.peer.Open(x, kept, head)
}

// Lines returns the fields of a request's head, in words; nil: they are in words.
func (c *call) Lines(head []byte) []string {
	if !c.two {
		return nil
	}
	return h2peer.Lines(head)
}
