package httpd

import (
	"bytes"
	"encoding/base64"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// BasicAuth returns the user and password of a header Authorization: Basic, of
// Proxy-Authorization for CONNECT: that is a request to a proxy.
func (r *Request) BasicAuth() (user, password []byte, ok bool) {
	id := h1.Authorization
	if r.Method == h1.Connect {
		id = h1.ProxyAuthorization
	}
	return r.basic(r.In.Get(id))
}

func (r *Request) basic(v []byte) (user, password []byte, ok bool) {
	if len(v) < 6 || !h1.EqualFold(v[:6], "basic ") {
		return nil, nil, false
	}
	v = bytes.TrimLeft(v[6:], " ")
	if len(v) == 0 {
		return nil, nil, false
	}
	v, _, _ = bytes.Cut(v, []byte("=")) // nginx ends there, whatever follows
	out := r.Alloc(base64.RawStdEncoding.DecodedLen(len(v)))
	n, err := base64.RawStdEncoding.Decode(out, v)
	if err != nil {
		return nil, nil, false
	}
	return bytes.Cut(out[:n], []byte(":"))
}

// RemoteUser returns $remote_user.
func (r *Request) RemoteUser() []byte {
	u, _, ok := r.main.BasicAuth()
	if !ok || len(u) == 0 {
		return nil
	}
	return u
}
