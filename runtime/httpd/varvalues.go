package httpd

import (
	"bytes"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// hostVar is the host of the request line, else of Host, else the server's
// name.
func (r *Request) hostVar() []byte {
	if len(r.main.Proto.Host) > 0 {
		return r.main.Proto.Host
	}
	return []byte(r.srv.Name)
}

// BodySent returns the body's share of the bytes sent.
func (r *Request) BodySent() int64 { return max(r.Proto.Sent-r.Proto.HeadSize, 0) }

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
	b := strconv.AppendInt(r.Alloc(24)[:0], ms/1000, 10)
	ms %= 1000
	return append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}

func (r *Request) contentLengthVar() []byte {
	if b := r.In.Get(h1.ContentLength); b != nil {
		return b
	}
	if n := r.bodyFound(); n >= 0 {
		return r.Number(n)
	}
	return nil
}

// bodyFound is $content_length of a request that announced none: the size of a
// chunked body that was read, or of what has come of one that is being read or
// whose rest did not come. -1 means no value: of a body that has not been read, and
// of one that is passed on unbuffered until it is complete.
func (r *Request) bodyFound() int64 {
	b, flow := &r.main.Body, r.main.Proto.Flow
	switch {
	case b.given:
		return b.had
	case r.In.ContentLength >= 0 || !r.In.Chunked:
		return r.In.ContentLength
	case flow != nil && flow.State().whole.Load():
		return flow.State().Size
	case !b.Started, b.Discarded, b.streams && !b.Done:
		return -1
	}
	return b.Size
}

func (r *Request) bodyVar() []byte {
	switch b := &r.main.Body; {
	case b.part != nil:
		return b.part
	case b.File != nil, !b.Read && len(b.Mem) == 0:
		return nil
	default:
		return b.Mem
	}
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

// keepsAlive tells whether $sent_http_connection is keep-alive. In the log phase it is "close" for a connection that is
// kept, which nginx has taken from the request by then; one that ends although its header said otherwise is as in the header.
func (r *Request) keepsAlive() bool {
	return r.Proto.Keepalive && (!r.logged || r.Proto.Cut || r.loc.Core.KeepaliveTimeout == 0)
}
