package core

import (
	"bytes"
	"path/filepath"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// host is the host of the request line, else of Host, else the server's
// name.
func host(r *httpd.Request) []byte {
	if len(r.Main().Proto.Host) > 0 {
		return r.Main().Proto.Host
	}
	return []byte(r.Server().Name)
}

// seconds returns the time since t with milliseconds.
func seconds(r *httpd.Request, t int64) []byte {
	ms := (clock.Mono() - t) / 1e6
	b := strconv.AppendInt(r.Alloc(24)[:0], ms/1000, 10)
	ms %= 1000
	return append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}

func contentLength(r *httpd.Request) []byte {
	if b := r.In.Get(h1.ContentLength); b != nil {
		return b
	}
	if n := r.BodyFound(); n >= 0 {
		return r.Number(n)
	}
	return nil
}

// cookie returns the value of a cookie.
func cookie(r *httpd.Request, name string) ([]byte, bool) {
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
func joinFields(r *httpd.Request, id h1.FieldID) []byte {
	out := r.In.Get(id)
	first := true
	for i := range r.In.List {
		switch f := &r.In.List[i]; {
		case f.ID != id:
		case first:
			first = false
		default:
			out = r.Join(out, []byte(", "), f.Value)
		}
	}
	return out
}

// inHeader joins the request's fields of a name in variable form.
func inHeader(r *httpd.Request, name string) ([]byte, bool) {
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

func joinHeaders(r *httpd.Request, list []header.Field, name string) ([]byte, bool) {
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

// keepsAlive tells whether $sent_http_connection is keep-alive. In the log phase it is "close" for a connection that is
// kept, which nginx has taken from the request by then; one that ends although its header said otherwise is as in the header.
func keepsAlive(r *httpd.Request) bool {
	return r.Proto.Keepalive && (!r.Logged() || r.Proto.Cut || r.Core().KeepaliveTimeout == 0)
}

// realRoot returns $realpath_root.
func realRoot(r *httpd.Request) []byte {
	p, err := filepath.EvalSymlinks(string(r.Root()))
	if err != nil {
		r.Logf(errlog.Crit, err, `realpath() "%s" failed`, r.Root())
		return nil
	}
	return []byte(p)
}

func tcpInfo(r *httpd.Request, i int) []byte {
	var info netaddr.TCPInfo
	if !r.Client().Socket.TCPInfo(&info) {
		return nil
	}
	return r.Number(int64([4]uint32{info.RTT, info.RTTVar, info.SndCwnd, info.RcvSpace}[i]))
}

// bodyText is $request_body.
func bodyText(r *httpd.Request) []byte { return r.Main().Body.Text() }
