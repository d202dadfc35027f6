package httpd

import (
	"bytes"
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

// OnUninitialized makes fn hear of variables that are used before set assigned
// to them (the rewrite module's warning).
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
	args.Set = func(r *Request, b []byte) { r.Args, r.validUnparsed = b, false }
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
	v.Define("request_length", alwaysFresh(func(r *Request) []byte { return r.Number(r.main.length) }))
	v.Define("request_id", always((*Request).requestID))
	v.Define("request_body", fixed((*Request).bodyVar))
	v.Define("request_body_file", fixed(func(r *Request) []byte {
		if f := r.main.Body.File; f != nil {
			return []byte(f.Name())
		}
		return nil
	}))
	v.Define("content_length", fixed((*Request).contentLengthVar))
	v.Define("content_type", fixed(func(r *Request) []byte { return r.joinFields(h1.ContentType) }))
	v.Define("is_request_port", always(func(r *Request) []byte {
		if r.port == 0 {
			return nil
		}
		return []byte(":")
	}))
	v.Define("request_port", always(func(r *Request) []byte {
		if r.port == 0 {
			return nil
		}
		return r.Number(int64(r.port))
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
		p := r.conn.Peer()
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
	v.Define("remote_addr", always(func(r *Request) []byte { return r.conn.Addr }))
	v.Define("remote_port", always(func(r *Request) []byte {
		if r.conn.peer.IsUnix() || r.conn.peer.Port() == 0 {
			return nil
		}
		return r.Number(int64(r.conn.peer.Port()))
	}))
	v.Define("server_addr", always(func(r *Request) []byte { return r.conn.nc.Local().AppendHost(r.Alloc(64)[:0]) }))
	v.Define("server_port", always(func(r *Request) []byte {
		if r.conn.nc.Local().IsUnix() {
			return nil
		}
		return r.Number(int64(r.conn.nc.Local().Port()))
	}))
	v.Define("server_protocol", fixed(func(r *Request) []byte { return r.main.Line.Protocol }))
	v.Define("server_name", always(func(r *Request) []byte { return []byte(r.srv.Name) }))
	v.Define("hostname", always(func(*Request) []byte { return []byte(b.Env.Hostname) }))
	v.Define("scheme", always(func(r *Request) []byte {
		if r.conn.tls != nil {
			return []byte("https")
		}
		return []byte("http")
	}))
	v.Define("https", always(func(r *Request) []byte {
		if r.conn.tls != nil {
			return []byte("on")
		}
		return nil
	}))
	v.Define("connection", always(func(r *Request) []byte { return r.Number(int64(r.conn.ID)) }))
	v.Define("connection_requests", always(func(r *Request) []byte { return r.Number(int64(r.main.number)) }))
	v.Define("connection_time", alwaysFresh(func(r *Request) []byte { return r.seconds(r.conn.Start) }))
	v.Define("pipe", always(func(r *Request) []byte {
		if r.main.pipelined {
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
			if r.conn.proxy == nil {
				return nil
			}
			return get(r.conn.proxy)
		})
	}
	port := func(n func(h *proxyHeader) uint16) Var {
		return fixed(func(r *Request) []byte {
			if r.conn.proxy == nil || n(r.conn.proxy) == 0 {
				return nil
			}
			return r.Number(int64(n(r.conn.proxy)))
		})
	}
	v := b.Vars
	v.Define("proxy_protocol_addr", text(func(h *proxyHeader) []byte { return h.Source }))
	v.Define("proxy_protocol_server_addr", text(func(h *proxyHeader) []byte { return h.Destination }))
	v.Define("proxy_protocol_port", port(func(h *proxyHeader) uint16 { return h.SourcePort }))
	v.Define("proxy_protocol_server_port", port(func(h *proxyHeader) uint16 { return h.DestinationPort }))
	v.DefinePrefix("proxy_protocol_tlv_", Var{Get: func(r *Request, name string) ([]byte, bool) {
		if r.conn.proxy == nil {
			return nil, false
		}
		ref, err := proxyproto.ParseTLVName(name)
		if err != nil {
			return nil, false
		}
		v, err := ref.Lookup(r.Alloc(20), r.conn.proxy.TLVs)
		return v, err == nil
	}})
}

func (b *Builder) defineResponseVars() {
	v := b.Vars
	v.Define("bytes_sent", alwaysFresh(func(r *Request) []byte { return r.Number(r.main.sent) }))
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
	v.Define("request_completion", alwaysFresh(func(r *Request) []byte {
		if r.main.complete {
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
	v.Define("sent_http_location", fixed(func(r *Request) []byte {
		if r.sentLocation != nil {
			return r.sentLocation
		}
		return r.Out.Value(h1.Location)
	}))
	v.Define("sent_http_last_modified", fixed(func(r *Request) []byte {
		switch {
		case r.Out.lastModListed:
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
		case r.keepalive:
			return []byte("keep-alive")
		}
		return []byte("close")
	}))
	v.Define("sent_http_keep_alive", fixed(func(r *Request) []byte {
		if s := r.loc.Core.keepaliveHeader; r.keepalive && s > 0 {
			return append(append(r.Alloc(32)[:0], "timeout="...), strconv.FormatInt(s, 10)...)
		}
		return nil
	}))
	v.Define("sent_http_transfer_encoding", fixed(func(r *Request) []byte {
		if r.chunked {
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

// hostVar is the host of the request line, else of Host, else the server's
// name.
func (r *Request) hostVar() []byte {
	if len(r.main.name) > 0 {
		return r.main.name
	}
	return []byte(r.srv.Name)
}

// BodySent returns the body's share of the bytes sent.
func (r *Request) BodySent() int64 { return max(r.sent-r.headSize, 0) }

// StatusCode returns the code to log: of an error, of the response, 9 for
// HTTP/0.9.
func (r *Request) StatusCode() int {
	switch {
	case r.errStatus != 0:
		return r.errStatus
	case r.Out.Status != 0:
		return r.Out.Status
	case r.Version == 9:
		return 9
	}
	return 0
}

// seconds returns the time since t with milliseconds.
func (r *Request) seconds(t int64) []byte {
	ms := (clock.Mono() - t) / 1e6
	b := appendInt(r.Alloc(24)[:0], ms/1000)
	ms %= 1000
	return append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}

func (r *Request) contentLengthVar() []byte {
	if b := r.In.Get(h1.ContentLength); b != nil {
		return b
	}
	if body := &r.main.Body; r.In.Chunked && body.done {
		if body.discarded {
			return r.Number(0)
		}
		return r.Number(body.Size)
	}
	return nil
}

func (r *Request) bodyVar() []byte {
	b := &r.main.Body
	if !b.read || b.File != nil || b.Size == 0 {
		return nil
	}
	return b.Mem
}

// Cookie returns the value of a cookie.
func (r *Request) Cookie(name string) ([]byte, bool) {
	for i := range r.In.List {
		if f := &r.In.List[i]; f.ID == h1.Cookie {
			if v, ok := h1.ListValue(f.Value, name, ';'); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// joinFields joins the request's fields of an id.
func (r *Request) joinFields(id h1.FieldID) []byte {
	i := int(r.In.first[id])
	if i == 0 {
		return nil
	}
	out := r.In.List[i-1].Value
	for _, f := range r.In.List[i:] {
		if f.ID == id {
			out = r.Join(out, []byte(", "), f.Value)
		}
	}
	return out
}

// inHeader joins the request's fields of a name in variable form.
func (r *Request) inHeader(name string) ([]byte, bool) {
	sep := ", "
	if name == "cookie" {
		sep = "; "
	}
	var out []byte
	found := false
	for i := range r.In.List {
		f := &r.In.List[i]
		if !h1.IsVariable(f.Name, name) {
			continue
		}
		if !found {
			out, found = f.Value, true
			continue
		}
		out = r.Join(out, []byte(sep), f.Value)
	}
	return out, found
}

func (r *Request) joinHeaders(list []Header, name string) ([]byte, bool) {
	var out []byte
	found := false
	for i := range list {
		h := &list[i]
		if h.Hidden || !h1.IsVariable(h.Name, name) {
			continue
		}
		if !found {
			out, found = h.Value, true
			continue
		}
		out = r.Join(out, []byte(", "), h.Value)
	}
	return out, found
}

func parseRate(b []byte) (int64, bool) {
	n := int64(0)
	for i, c := range bytes.ToLower(b) {
		switch {
		case c >= '0' && c <= '9' && n < 1<<50:
			n = n*10 + int64(c-'0')
		case i == len(b)-1 && i > 0 && c == 'k':
			return n << 10, true
		case i == len(b)-1 && i > 0 && c == 'm':
			return n << 20, true
		default:
			return 0, false
		}
	}
	return n, len(b) > 0
}
