package proxy

import (
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// callOf returns the request's call, nil where its handler is another one, as it
// is after an internal redirect.
func (m *module) callOf(r *httpd.Request) *call {
	if *r.Ctx(m.slot) == nil {
		return nil
	}
	c, _ := pass.CodecOf(r).(*call)
	return c
}

func (m *module) defineVars() {
	v := m.b.Vars
	ofCall := func(name string, changeable bool, get func(c *call) ([]byte, bool)) {
		v.Define(name, httpd.Var{NoCache: true, Unhashed: true, Changeable: changeable, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			if c := m.callOf(r); c != nil {
				return get(c)
			}
			return nil, false
		}})
	}
	ofCall("proxy_host", true, func(c *call) ([]byte, bool) { return c.To.Name, true })
	ofCall("proxy_port", true, func(c *call) ([]byte, bool) { return c.To.Port, true })
	ofCall("proxy_internal_body_length", false, func(c *call) ([]byte, bool) {
		if c.chunked || c.length < 0 {
			return nil, false
		}
		return c.R.Number(c.length), true
	})
	ofCall("proxy_internal_chunked", false, func(c *call) ([]byte, bool) {
		if !c.chunked {
			return nil, false
		}
		return []byte("chunked"), true
	})
	v.Define("proxy_add_x_forwarded_for", httpd.Var{NoCache: true, Unhashed: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		return forwardedFor(r), true
	}})
}

// forwardedFor is the client's X-Forwarded-For with its own address added.
func forwardedFor(r *httpd.Request) []byte {
	client := r.RemoteAddr()
	if !r.In.Has(h1.XForwardedFor) {
		return client
	}
	n := len(client)
	for i := range r.In.List {
		if f := &r.In.List[i]; f.ID == h1.XForwardedFor {
			n += len(f.Value) + 2
		}
	}
	b := r.Alloc(n)[:0]
	for i := range r.In.List {
		if f := &r.In.List[i]; f.ID == h1.XForwardedFor {
			b = append(b, f.Value...)
			b = append(b, ", "...)
		}
	}
	return append(b, client...)
}
