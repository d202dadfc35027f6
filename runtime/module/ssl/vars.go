package ssl

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// defineVars registers the $ssl_ variables. Like nginx's they have no value on
// plain connections, and none when it would be empty.
func defineVars(b *httpd.Builder) (sessionID *script.Variable[*httpd.Request]) {
	define := func(name string, get func(r *httpd.Request) []byte) *script.Variable[*httpd.Request] {
		return b.Vars.Define(name, httpd.Var{Changeable: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			v := get(r)
			return v, v != nil
		}})
	}
	defineHandshakeVars(define)
	defineClientVars(define)
	for _, name := range []string{
		"ssl_early_data", "ssl_sigalg", "ssl_client_sigalg", "ssl_ech_outer_server_name",
	} {
		define(name, func(*httpd.Request) []byte { return nil })
	}
	return define("ssl_session_id", func(r *httpd.Request) []byte {
		id := r.Client().TLS.ID()
		if id == nil {
			return nil
		}
		return hex.AppendEncode(r.Alloc(2 * len(id))[:0], id)
	})
}

// definer adds one variable; a nil result is no value.
type definer func(name string, get func(r *httpd.Request) []byte) *script.Variable[*httpd.Request]

// text copies s for the request; "" is no value.
func text(r *httpd.Request, s string) []byte {
	if s == "" {
		return nil
	}
	return append(r.Alloc(len(s))[:0], s...)
}

func defineHandshakeVars(define definer) {
	state := func(name string, get func(cs *tls.ConnectionState) string) {
		define(name, func(r *httpd.Request) []byte {
			if cs := r.Client().TLS.State(); cs != nil {
				return text(r, get(cs))
			}
			return nil
		})
	}
	state("ssl_protocol", func(cs *tls.ConnectionState) string { return tlsconf.ProtocolName(cs.Version) })
	state("ssl_cipher", func(cs *tls.ConnectionState) string { return tlsconf.CipherName(cs.CipherSuite) })
	state("ssl_curve", func(cs *tls.ConnectionState) string { return tlsconf.CurveName(cs.CurveID) })
	state("ssl_session_reused", tlsconf.SessionReused)
	state("ssl_alpn_protocol", func(cs *tls.ConnectionState) string { return cs.NegotiatedProtocol })

	define("ssl_ech_status", func(r *httpd.Request) []byte {
		s := r.Client().TLS
		cs := s.State()
		switch {
		case cs == nil:
			return nil
		case cs.ECHAccepted:
			return []byte("SUCCESS")
		case s.Hello.ECH:
			return []byte("GREASE")
		}
		return []byte("NOT_TRIED")
	})

	hello := func(name string, get func(h *front.Hello) []byte) {
		define(name, func(r *httpd.Request) []byte {
			if s := r.Client().TLS; s != nil {
				if v := get(&s.Hello); len(v) > 0 {
					return v
				}
			}
			return nil
		})
	}
	hello("ssl_server_name", func(h *front.Hello) []byte { return []byte(h.ServerName) })
	hello("ssl_ciphers", func(h *front.Hello) []byte { return tlsconf.AppendCiphers(nil, h.Ciphers) })
	hello("ssl_curves", func(h *front.Hello) []byte { return tlsconf.AppendCurves(nil, h.Curves) })
	hello("ssl_sigalgs", func(h *front.Hello) []byte { return tlsconf.AppendSigAlgs(nil, h.SigAlgs) })
}

func defineClientVars(define definer) {
	client := func(name string, get func(cert *x509.Certificate) []byte) {
		define(name, func(r *httpd.Request) []byte {
			if cert := clientCert(r); cert != nil {
				return get(cert)
			}
			return nil
		})
	}
	appended := func(add func([]byte, *x509.Certificate) []byte) func(*x509.Certificate) []byte {
		return func(cert *x509.Certificate) []byte { return add(nil, cert) }
	}
	client("ssl_client_cert", appended(tlsconf.AppendTabbedPEM))
	client("ssl_client_raw_cert", appended(tlsconf.AppendPEM))
	client("ssl_client_escaped_cert", appended(tlsconf.AppendEscapedPEM))
	client("ssl_client_serial", appended(tlsconf.AppendSerial))
	client("ssl_client_fingerprint", appended(tlsconf.AppendFingerprint))
	client("ssl_client_s_dn", func(c *x509.Certificate) []byte { return tlsconf.AppendDN(nil, c.RawSubject) })
	client("ssl_client_i_dn", func(c *x509.Certificate) []byte { return tlsconf.AppendDN(nil, c.RawIssuer) })
	client("ssl_client_s_dn_legacy", func(c *x509.Certificate) []byte { return tlsconf.AppendLegacyDN(nil, c.RawSubject) })
	client("ssl_client_i_dn_legacy", func(c *x509.Certificate) []byte { return tlsconf.AppendLegacyDN(nil, c.RawIssuer) })
	client("ssl_client_v_start", func(c *x509.Certificate) []byte { return tlsconf.AppendTime(nil, c.NotBefore) })
	client("ssl_client_v_end", func(c *x509.Certificate) []byte { return tlsconf.AppendTime(nil, c.NotAfter) })
	client("ssl_client_v_remain", func(c *x509.Certificate) []byte { return tlsconf.AppendRemain(nil, c, time.Now()) })
	define("ssl_client_verify", func(r *httpd.Request) []byte {
		if r.Client().TLS.State() == nil {
			return nil
		}
		return text(r, r.Client().TLS.ClientVerdict().ClientVerify(clientCert(r) != nil))
	})
}

// clientCert is the certificate the client sent, nil without one.
func clientCert(r *httpd.Request) *x509.Certificate {
	if cs := r.Client().TLS.State(); cs != nil && len(cs.PeerCertificates) > 0 {
		return cs.PeerCertificates[0]
	}
	return nil
}
