package ssl

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// checker judges requests by the client's certificate: ssl_verify_client.
type checker struct {
	required bool // on
	anyCA    bool // optional_no_ca
}

// check is httpd.Server.CheckTLS.
func (k checker) check(r *httpd.Request) httpd.Result {
	code := r.Client().TLS.ClientVerdict()
	if code != tlsconf.VerifyOK && !(k.anyCA && code.Untrusted()) {
		r.Logf(errlog.Info, nil, "client SSL certificate verify error: (%d:%s)", int(code), code.Error())
		return httpd.StatusCertError
	}
	if cs := r.Client().TLS.State(); k.required && (cs == nil || len(cs.PeerCertificates) == 0) {
		r.Logf(errlog.Info, nil, "client sent no required SSL certificate")
		return httpd.StatusNoCert
	}
	return httpd.OK
}
