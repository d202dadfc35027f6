package pass

import (
	"bytes"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// exchangeOf returns the request's latest exchange, nil without one.
func exchangeOf(r *httpd.Request) *Exchange {
	x, _ := r.Upstream().(*Exchange)
	return x
}

// CodecOf returns the codec of the request's latest exchange, nil without one.
func CodecOf(r *httpd.Request) Codec {
	if x := exchangeOf(r); x != nil {
		return x.codec
	}
	return nil
}

func defineVars(b *httpd.Builder) {
	v := b.Vars
	states := func(name string, one func(dst []byte, s *State) []byte) {
		v.Define(name, httpd.Var{NoCache: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			x := exchangeOf(r)
			if x == nil || len(x.states) == 0 {
				return nil, false
			}
			return x.join(r.Alloc(x.joinSize())[:0], one), true
		}})
	}
	states("upstream_addr", func(dst []byte, s *State) []byte { return append(dst, s.Peer...) })
	states("upstream_status", func(dst []byte, s *State) []byte {
		if s.Status == 0 {
			return append(dst, '-')
		}
		return strconv.AppendInt(dst, int64(s.Status), 10)
	})
	states("upstream_connect_time", func(dst []byte, s *State) []byte { return appendMsec(dst, s.Connect) })
	states("upstream_header_time", func(dst []byte, s *State) []byte { return appendMsec(dst, s.Header) })
	states("upstream_response_time", func(dst []byte, s *State) []byte { return appendMsec(dst, s.Response) })
	states("upstream_queue_time", func(dst []byte, s *State) []byte { return appendMsec(dst, s.Queue) })
	states("upstream_response_length", func(dst []byte, s *State) []byte { return strconv.AppendInt(dst, s.Length, 10) })
	states("upstream_bytes_received", func(dst []byte, s *State) []byte { return strconv.AppendInt(dst, s.Received, 10) })
	states("upstream_bytes_sent", func(dst []byte, s *State) []byte { return strconv.AppendInt(dst, s.Sent, 10) })
	defineLast(b)
	defineCacheVars(b)
	fields := func(prefix string, list func(x *Exchange) []Field) {
		v.DefinePrefix(prefix, httpd.Var{NoCache: true, Get: func(r *httpd.Request, name string) ([]byte, bool) {
			x := exchangeOf(r)
			if x == nil {
				return nil, false
			}
			v, ok := joinFields(r, list(x), name)
			if !ok && x.Response.Bare && prefix == "upstream_http_" && (name == "server" || name == "date") {
				return nil, true // as if the server had sent them empty
			}
			return v, ok
		}})
	}
	fields("upstream_http_", func(x *Exchange) []Field { return x.Response.Fields })
	fields("upstream_trailer_", func(x *Exchange) []Field { return x.Response.Trailers })
	v.DefinePrefix("upstream_cookie_", httpd.Var{NoCache: true, Get: func(r *httpd.Request, name string) ([]byte, bool) {
		x := exchangeOf(r)
		if x == nil {
			return nil, false
		}
		return x.cookie(name)
	}})
}

// defineLast defines the variables about the peer chosen last.
func defineLast(b *httpd.Builder) {
	last := func(name string, get func(x *Exchange) []byte) {
		b.Vars.Define(name, httpd.Var{NoCache: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			if x := exchangeOf(r); x != nil && x.peer != nil {
				return get(x), true
			}
			return nil, false
		}})
	}
	last("upstream_last_addr", func(x *Exchange) []byte { return x.peer.Name })
	last("upstream_last_server_name", func(x *Exchange) []byte { return []byte(x.peer.Server) })
}

// joinSize is room for what join appends.
func (x *Exchange) joinSize() (n int) {
	for i := range x.states {
		n += max(len(x.states[i].Peer), 24) + 3
	}
	return n
}

// join lists one figure of all attempts: commas between peers, a colon between
// the upstreams of an internal redirect.
func (x *Exchange) join(b []byte, one func(dst []byte, s *State) []byte) []byte {
	for i := 0; i < len(x.states); i++ {
		s := &x.states[i]
		if s.Peer == nil {
			b = append(b, " : "...)
			continue
		}
		if i > 0 && x.states[i-1].Peer != nil {
			b = append(b, ", "...)
		}
		b = one(b, s)
	}
	return b
}

// appendMsec appends a time in seconds with three decimals.
func appendMsec(dst []byte, ms int64) []byte {
	if ms < 0 {
		return append(dst, '-')
	}
	dst = strconv.AppendInt(dst, ms/1000, 10)
	ms %= 1000
	return append(dst, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}

// joinFields joins the fields of a name in variable form: lower case, dashes
// as underscores.
func joinFields(r *httpd.Request, list []Field, name string) (out []byte, found bool) {
	for i := range list {
		f := &list[i]
		if f.Ignored || !h1.IsVariable(f.Name, name) {
			continue
		}
		if !found {
			out, found = f.Value, true
			continue
		}
		out = r.Join(out, comma, f.Value)
	}
	return out, found
}

var comma = []byte(", ")

// cookie returns the value of a cookie that the peer sets.
func (x *Exchange) cookie(name string) ([]byte, bool) {
	for i := range x.Response.Fields {
		f := &x.Response.Fields[i]
		if f.ID != h1.SetCookie || len(f.Value) <= len(name) || !h1.EqualFold(f.Value[:len(name)], name) {
			continue
		}
		v := bytes.TrimLeft(f.Value[len(name):], " ")
		if len(v) == 0 || v[0] != '=' {
			continue
		}
		v, _, _ = bytes.Cut(bytes.TrimLeft(v[1:], " "), semicolon)
		return v, true
	}
	return nil, false
}

var semicolon = []byte{';'}
