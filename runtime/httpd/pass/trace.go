package pass

import (
	"bytes"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Plan is what would be sent where: the Data of [httpd.EventPass].
type Plan struct {
	Schema string // "http://"
	Host   string // of the address, with its port, or the name of an upstream block
	URI    string
	Head   []byte // the head of the request, as the upstream server would read it
	// Lines say what is in a head that is no text; nil for others.
	Lines []string
	TLS   bool
	// Proxy is the header of the PROXY protocol that comes before all else on a new
	// connection, in the form of version 1; "" for none. ProxyVersion is the version that
	// is sent.
	Proxy        string
	ProxyVersion int
	// Block tells an upstream block from an address.
	Block bool
	// Servers are those that may be asked; nil where the name is only looked up
	// at run time.
	Servers []upstream.Server
	// Method is how one of several servers is chosen: "round robin", or the
	// directive.
	Method string
	// Chosen is the address that the request goes to where that depends on the request
	// alone: by hashing, or because it is bound to a server. "" else.
	Chosen string
	// Sticky is the directive that binds requests to servers, "" without one; Bound: the
	// request is bound to Chosen.
	Sticky string
	Bound  bool
	// Queue is how many requests wait when no server can take them.
	Queue int
	// Checks are the health_check directives of an upstream block.
	Checks []Check
	// Intercept: error_page applies to the upstream's answers (*_intercept_errors).
	Intercept bool
	// Cache is what a cache would do.
	Cache CachePlan
}

// liner is a codec that says in words what is in the head of a request, where that is no text.
type liner interface{ Lines(head []byte) []string }

// trace tells the tracer what would be sent, and answers as if the upstream had
// sent an empty 200.
func (x *Exchange) trace(t httpd.Tracer) httpd.Result {
	p := &Plan{
		Schema: string(x.To.Schema), Host: string(x.To.Host), TLS: x.TLS != nil, Intercept: x.S.InterceptErrors,
	}
	if !x.NoRequest {
		p.URI, p.Head = string(x.out.B[x.uriFrom:x.uriTo]), append([]byte(nil), x.out.B[:x.outLen]...)
	}
	p.Cache = x.cached.plan
	if v := x.S.ProxyProtocol; v != 0 {
		h := x.proxyHeader()
		h.Version = 1
		p.Proxy, p.ProxyVersion = strings.TrimSpace(string(appendProxyHeader(nil, &h))), v
	}
	if c, ok := x.codec.(liner); ok {
		p.Lines = c.Lines(p.Head)
	}
	switch {
	case x.Up != nil:
		p.Block, p.Servers, p.Method = x.Up.explicit, x.Up.servers, x.Up.methodName()
		p.Sticky, p.Queue = x.Up.sticky.text(), x.Up.queue.most
		p.Checks = x.Up.checks
		p.Chosen, p.Bound = x.foreseen()
	case x.Group != nil:
		p.Servers, p.Method = []upstream.Server{{Name: string(x.Group.Name), Addrs: x.Group.Addrs(), Weight: 1}}, roundRobin
	}
	if !p.Block {
		p.Host = x.To.Authority()
	}
	t.Event(x.R, &httpd.Event{Kind: httpd.EventPass, Data: p})
	x.R.Out.Status = int(httpd.StatusOK)
	return x.R.SendBody(nil)
}

// foreseen is the server that the request alone decides for, "" for none; bound: because
// it is bound to it.
func (x *Exchange) foreseen() (name string, bound bool) {
	hashed := x.Up.byIP || x.Up.key != nil
	if !hashed && x.Up.sticky == nil {
		return "", false
	}
	x.Group = x.Up.group
	x.choose()
	peer := x.choice.Next()
	if peer == nil {
		return "", false
	}
	x.choice.Free(upstream.Unknown)
	bound = len(x.choice.Hint) > 0 && bytes.Equal(x.choice.SID, x.choice.Hint)
	if !bound && !hashed {
		return "", false
	}
	return string(peer.Name), bound
}

const roundRobin = "round robin"

// methodName is the directive that chooses the balancing method.
func (u *Upstream) methodName() string {
	switch m := u.method.(type) {
	case upstream.IPHash:
		return "ip_hash"
	case upstream.LeastConn:
		return "least_conn"
	case upstream.Hash:
		return "hash " + u.key.Text()
	case upstream.Ketama:
		return "hash " + u.key.Text() + " consistent"
	case upstream.Random:
		switch {
		case m.Time != nil && m.Time.LastByte:
			return "random two least_time=last_byte"
		case m.Time != nil:
			return "random two least_time=header"
		case m.Two:
			return "random two least_conn"
		}
		return "random"
	case *upstream.LeastTime:
		text := "least_time header"
		if m.LastByte {
			text = "least_time last_byte"
		}
		if m.Inflight {
			text += " inflight"
		}
		return text
	}
	return roundRobin
}
