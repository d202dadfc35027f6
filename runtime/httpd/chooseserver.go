package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// ChooseServer picks the server block for a host name.
func (r *Request) ChooseServer(host []byte) Result {
	names := r.listen.Names
	if names == nil {
		return OK
	}
	if r.sni != nil && r.sni.Name != "" && string(host) == r.sni.Name {
		if r.sni.Regex != nil && !r.Match(r.sni.Regex, host) {
			return StatusInternalServerError
		}
		return OK
	}
	srv, re, caps, ok := names.Lookup(host, r.captures)
	r.captures = caps
	if !ok && re != nil {
		return StatusInternalServerError
	}
	if r.sni != nil && r.sni.Name != "" {
		if !ok {
			srv, ok = r.listen.Default, true
		}
		if srv.VerifyClient {
			r.Logf(errlog.Info, nil, "client attempted to request the server name different from the one that was negotiated")
			return StatusMisdirected
		}
	}
	if !ok {
		return OK
	}
	if re != nil {
		r.captureData = host
		r.setNamed(re)
	}
	r.srv, r.loc = srv, srv.Root
	r.setLog(r.loc.Log)
	return OK
}
