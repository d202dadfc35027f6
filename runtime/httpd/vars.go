package httpd

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/proxyproto"
)

// maxVarDepth bounds the evaluation of variables by variables.
const maxVarDepth = 100

// Var implements script.Session: it computes a variable once per request,
// unless it asks for more.
func (r *Request) Var(i int) []byte {
	b, _ := r.Lookup(i)
	return b
}

// Lookup returns the value of variable i and whether it has one.
func (r *Request) Lookup(i int) ([]byte, bool) {
	v := &r.vars[i]
	def := r.cfg.vars[i]
	if v.state == varStored || v.state != varUnset && (!def.NoCache || def.Get == nil) {
		return v.b, v.state != varNone
	}
	if def.Get == nil {
		if r.cfg.uninitialized != nil {
			r.cfg.uninitialized(r, def.Name)
		}
		v.b, v.state = nil, varValid
		return nil, true
	}
	if r.varDepth >= maxVarDepth {
		r.Logf(errlog.Error, nil, `cycle while evaluating variable "%s"`, def.Name)
		return nil, false
	}
	r.varDepth++
	b, ok := def.Get(r, def.Arg)
	r.varDepth--
	v = &r.vars[i]
	v.b, v.state = b, varNone
	if ok {
		v.state = varValid
	}
	return b, ok
}

// LookupName returns the value of the variable of a name in lower case that was
// not known when the configuration was loaded, and whether it has one.
func (r *Request) LookupName(name string) ([]byte, bool) {
	def, i := r.cfg.names.Find(name)
	if i >= 0 {
		return r.Lookup(i)
	}
	if def == nil || def.Get == nil {
		return nil, false
	}
	if r.varDepth >= maxVarDepth {
		r.Logf(errlog.Error, nil, `cycle while evaluating variable "%s"`, name)
		return nil, false
	}
	r.varDepth++
	b, ok := def.Get(r, def.Arg)
	r.varDepth--
	return b, ok
}

// SetVar stores a value; b must live as long as the request.
func (r *Request) SetVar(i int, b []byte) {
	if set := r.cfg.vars[i].Set; set != nil {
		set(r, b)
		return
	}
	r.StoreVar(i, b)
}

// StoreVar stores a value without the variable's own setter, as a named group
// of an expression does. From then on it is not computed any more.
func (r *Request) StoreVar(i int, b []byte) { r.vars[i] = varValue{b: b, state: varStored} }

// OnUninitialized makes fn be called for variables that are used before set has
// assigned a value (the rewrite module's warning).
func (b *Builder) OnUninitialized(fn func(r *Request, name string)) { b.uninitialized = fn }

// fixed makes a getter of a request's field.
func fixed(get func(r *Request) []byte) Var {
	return Var{Get: func(r *Request, _ string) ([]byte, bool) {
		b := get(r)
		return b, b != nil
	}}
}

// fresh is fixed for values that change during the request.
func fresh(get func(r *Request) []byte) Var {
	v := fixed(get)
	v.NoCache = true
	return v
}

// always makes a getter whose empty value is a value.
func always(get func(r *Request) []byte) Var {
	return Var{Get: func(r *Request, _ string) ([]byte, bool) { return get(r), true }}
}

func alwaysFresh(get func(r *Request) []byte) Var {
	v := always(get)
	v.NoCache = true
	return v
}

// defineVars registers the core variables.
func (b *Builder) defineVars() {
	b.defineRequestVars()
	b.defineConnectionVars()
	b.defineResponseVars()
	b.defineTimeVars()
	b.definePrefixVars()
}

func (b *Builder) defineRequestVars() {
	v := b.Vars
	v.Define("host", always((*Request).hostVar))
	v.Define("request_uri", fixed(func(r *Request) []byte { return r.main.Unparsed }))
	v.Define("uri", fresh(func(r *Request) []byte { return r.URI }))
	v.Define("document_uri", fresh(func(r *Request) []byte { return r.URI }))
	v.Define("request", fixed(func(r *Request) []byte { return r.main.Line.Line }))
	v.Define("document_root", alwaysFresh((*Request).Root))
	v.Define("realpath_root", fresh((*Request).realRoot))
	v.Define("query_string", fresh(func(r *Request) []byte { return r.Args }))
	args := fresh(func(r *Request) []byte { return r.Args })
	args.Changeable = true
	args.Set = func(r *Request, b []byte) { r.Args, r.Proto.ValidUnparsed = b, false }
	v.Define("args", args)
	v.Define("is_args", alwaysFresh(func(r *Request) []byte {
		if len(r.Args) == 0 {
			return nil
		}
		return []byte("?")
	}))
	v.Define("request_filename", fresh(func(r *Request) []byte {
		p, _ := r.MapURI()
		return p
	}))
	v.Define("request_method", fresh(func(r *Request) []byte { return r.main.MethodStr }))
	v.Define("remote_user", fixed((*Request).RemoteUser))
	v.Define("request_length", alwaysFresh(func(r *Request) []byte { return r.Number(r.main.Proto.Length) }))
	v.Define("request_id", always((*Request).requestID))
	v.Define("request_body", fixed((*Request).bodyVar))
	v.Define("request_body_file", fixed(func(r *Request) []byte {
		if f := r.main.Body.File; f != nil {
			return []byte(f.Name())
		}
		return nil
	}))
	v.Define("content_length", fresh((*Request).contentLengthVar))
	v.Define("content_type", fixed(func(r *Request) []byte { return r.joinFields(h1.ContentType) }))
	v.Define("is_request_port", always(func(r *Request) []byte {
		if r.Proto.Port == 0 {
			return nil
		}
		return []byte(":")
	}))
	v.Define("request_port", always(func(r *Request) []byte {
		if r.Proto.Port == 0 {
			return nil
		}
		return r.Number(int64(r.Proto.Port))
	}))
	rate := alwaysFresh(func(r *Request) []byte { return r.Number(r.LimitRate()) })
	rate.Changeable = true
	rate.Set = func(r *Request, b []byte) {
		if n, ok := parseRate(b); ok {
			r.SetLimitRate(n)
		}
	}
	v.Define("limit_rate", rate)
}

var unixText = []byte("unix:")

func (b *Builder) defineConnectionVars() {
	v := b.Vars
	v.Define("binary_remote_addr", always(func(r *Request) []byte {
		p := r.Peer()
		if p.IsUnix() {
			return unixText
		}
		ip := p.IP()
		if ip.Is4() {
			a := ip.As4()
			return append(r.Alloc(len(a))[:0], a[:]...)
		}
		a := ip.As16()
		return append(r.Alloc(len(a))[:0], a[:]...)
	}))
	v.Define("remote_addr", always(func(r *Request) []byte { return r.RemoteAddr() }))
	v.Define("remote_port", always(func(r *Request) []byte {
		p := r.Peer()
		if p.IsUnix() || p.Port() == 0 {
			return nil
		}
		return r.Number(int64(p.Port()))
	}))
	v.Define("server_addr", always(func(r *Request) []byte { return r.client.Socket.Local().AppendHost(r.Alloc(64)[:0]) }))
	v.Define("server_port", always(func(r *Request) []byte {
		if r.client.Socket.Local().IsUnix() {
			return nil
		}
		return r.Number(int64(r.client.Socket.Local().Port()))
	}))
	v.Define("server_protocol", fixed(func(r *Request) []byte { return r.main.Line.Protocol }))
	v.Define("server_name", always(func(r *Request) []byte { return []byte(r.srv.Name) }))
	v.Define("hostname", always(func(*Request) []byte { return []byte(b.Env.Hostname) }))
	v.Define("scheme", always(func(r *Request) []byte {
		if r.client.TLS != nil {
			return []byte("https")
		}
		return []byte("http")
	}))
	v.Define("https", always(func(r *Request) []byte {
		if r.client.TLS != nil {
			return []byte("on")
		}
		return nil
	}))
	v.Define("connection", always(func(r *Request) []byte { return r.Number(int64(r.client.ID)) }))
	v.Define("connection_requests", always(func(r *Request) []byte { return r.Number(int64(r.main.Proto.Number)) }))
	v.Define("connection_time", alwaysFresh(func(r *Request) []byte { return r.seconds(r.client.Start) }))
	v.Define("pipe", always(func(r *Request) []byte {
		if r.Pipelined() {
			return []byte("p")
		}
		return []byte(".")
	}))
	v.Define("pid", always(func(*Request) []byte { return pidText }))
	v.Define("nginx_version", always(func(*Request) []byte { return []byte(Compatible) }))
	for i, name := range []string{"rtt", "rttvar", "snd_cwnd", "rcv_space"} {
		v.Define("tcpinfo_"+name, fresh(func(r *Request) []byte { return r.tcpInfo(i) }))
	}
	b.defineProxyProtocolVars()
}

func (b *Builder) defineProxyProtocolVars() {
	text := func(get func(h *proxyHeader) []byte) Var {
		return fixed(func(r *Request) []byte {
			if r.client.Proxy == nil {
				return nil
			}
			return get(r.client.Proxy)
		})
	}
	port := func(n func(h *proxyHeader) uint16) Var {
		return fixed(func(r *Request) []byte {
			if r.client.Proxy == nil || n(r.client.Proxy) == 0 {
				return nil
			}
			return r.Number(int64(n(r.client.Proxy)))
		})
	}
	v := b.Vars
	v.Define("proxy_protocol_addr", text(func(h *proxyHeader) []byte { return h.Source }))
	v.Define("proxy_protocol_server_addr", text(func(h *proxyHeader) []byte { return h.Destination }))
	v.Define("proxy_protocol_port", port(func(h *proxyHeader) uint16 { return h.SourcePort }))
	v.Define("proxy_protocol_server_port", port(func(h *proxyHeader) uint16 { return h.DestinationPort }))
	v.DefinePrefix("proxy_protocol_tlv_", Var{Get: func(r *Request, name string) ([]byte, bool) {
		if r.client.Proxy == nil {
			return nil, false
		}
		ref, err := proxyproto.ParseTLVName(name)
		if err != nil {
			return nil, false
		}
		v, err := ref.Lookup(r.Alloc(20), r.client.Proxy.TLVs)
		return v, err == nil
	}})
}

func (b *Builder) defineResponseVars() {
	v := b.Vars
	v.Define("bytes_sent", alwaysFresh(func(r *Request) []byte { return r.Number(r.main.Proto.Sent) }))
	v.Define("body_bytes_sent", alwaysFresh(func(r *Request) []byte { return r.Number(r.main.BodySent()) }))
	v.Define("status", alwaysFresh(func(r *Request) []byte {
		n := r.StatusCode()
		if n == 0 {
			return []byte("000")
		}
		if n == 9 {
			return []byte("009")
		}
		return r.Number(int64(n))
	}))
	v.Define("request_completion", always(func(r *Request) []byte {
		if r.main.Proto.Complete {
			return []byte("OK")
		}
		return nil
	}))
	v.Define("sent_http_content_type", fixed(func(r *Request) []byte {
		if len(r.Out.ContentType) == 0 {
			return nil
		}
		return r.Out.ContentType
	}))
	v.Define("sent_http_content_length", fixed(func(r *Request) []byte {
		if r.Out.ContentLength >= 0 {
			return r.Number(r.Out.ContentLength)
		}
		return r.Out.Value(h1.ContentLength)
	}))
	v.Define("sent_http_location", Var{Get: func(r *Request, _ string) ([]byte, bool) {
		if h := r.Out.Find(h1.Location); h != nil { // not sent, or set by post_action since
			return h.Value, true
		}
		if r.Proto.SentLocation != nil {
			return r.Proto.SentLocation, true
		}
		return r.joinHeaders(r.Out.List, "location") // of add_header
	}})
	v.Define("sent_http_last_modified", fixed(func(r *Request) []byte {
		switch {
		case r.Out.LastModGone:
			return nil
		case r.Out.LastModListed:
			return r.Out.Value(h1.LastModified)
		case r.Out.LastModText != nil:
			return r.Out.LastModText
		case r.Out.LastModified >= 0:
			return clock.AppendHTTPDate(r.Alloc(29)[:0], r.Out.LastModified)
		}
		return nil
	}))
	v.Define("sent_http_connection", always(func(r *Request) []byte {
		switch {
		case r.Out.Status == 101:
			return []byte("upgrade")
		case r.keepsAlive():
			return []byte("keep-alive")
		}
		return []byte("close")
	}))
	v.Define("sent_http_keep_alive", fixed(func(r *Request) []byte {
		if s := r.loc.Core.KeepaliveHeader; s > 0 && r.keepsAlive() {
			return append(append(r.Alloc(32)[:0], "timeout="...), strconv.FormatInt(s, 10)...)
		}
		return nil
	}))
	v.Define("sent_http_transfer_encoding", fixed(func(r *Request) []byte {
		if r.Proto.Chunked {
			return []byte("chunked")
		}
		return nil
	}))
}

func (b *Builder) defineTimeVars() {
	v := b.Vars
	v.Define("request_time", alwaysFresh(func(r *Request) []byte { return r.seconds(r.main.Start) }))
	v.Define("msec", alwaysFresh(func(r *Request) []byte { return clock.Now().AppendMsec(r.Alloc(24)[:0]) }))
	v.Define("time_iso8601", alwaysFresh(func(*Request) []byte { return clock.ISO8601() }))
	v.Define("time_iso8601_ms", alwaysFresh(func(r *Request) []byte {
		t := clock.Now()
		iso := t.ISO8601()
		ms := t.AppendMsec(r.Alloc(24)[:0])
		return r.Join(iso[:19], ms[len(ms)-4:], iso[19:])
	}))
	v.Define("time_local", alwaysFresh(func(*Request) []byte { return clock.LogTime() }))
}

func (b *Builder) definePrefixVars() {
	v := b.Vars
	v.DefinePrefix("arg_", Var{NoCache: true, Get: func(r *Request, name string) ([]byte, bool) {
		return h1.ArgValue(r.Args, name)
	}})
	v.DefinePrefix("cookie_", Var{Get: func(r *Request, name string) ([]byte, bool) { return r.Cookie(name) }})
	for name, id := range map[string]h1.FieldID{
		"http_host": h1.Host, "http_user_agent": h1.UserAgent, "http_referer": h1.Referer, "http_via": h1.Via,
	} {
		v.Define(name, fixed(func(r *Request) []byte { return r.joinFields(id) }))
	}
	in := Var{Get: func(r *Request, name string) ([]byte, bool) { return r.inHeader(name) }}
	v.DefinePrefix("http_", in)
	out := Var{Get: func(r *Request, name string) ([]byte, bool) { return r.joinHeaders(r.Out.List, name) }}
	v.DefinePrefix("sent_http_", out)
	// These have names of their own, which nothing else may take.
	for _, name := range []string{"cookie", "x_forwarded_for"} {
		in.Arg = name
		v.Define("http_"+name, in)
	}
	for _, name := range []string{"cache_control", "link"} {
		out.Arg = name
		v.Define("sent_http_"+name, out)
	}
	v.DefinePrefix("sent_trailer_", Var{Get: func(r *Request, name string) ([]byte, bool) {
		return r.joinHeaders(r.Out.Trailers, name)
	}})
}
