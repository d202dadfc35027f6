package httpd

import "github.com/sluiceproxy/sluice/runtime/errlog"

// CheckTLS applies what the ssl module decided about the client's certificate.
func (r *Request) CheckTLS() Result {
	if r.Proto.PlainHTTP {
		r.Logf(errlog.Info, nil, "client sent plain HTTP request to HTTPS port")
		return StatusToHTTPS
	}
	if r.client.TLS == nil || r.srv.CheckTLS == nil {
		return OK
	}
	return r.srv.CheckTLS(r)
}
