package ssl

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// staple gives every certificate of the server a source of OCSP responses:
// ssl_stapling_file, or its responder.
func (w *work) staple() error {
	var fixed []byte
	if w.c.staplingFile != "" {
		response, err := tlsconf.LoadStaple(w.x.b.Loader.Inputs.ReadFile, w.x.b.Loader.ConfFile(w.c.staplingFile))
		if err != nil {
			return err
		}
		fixed = response
	}
	certs := w.ring.Certificates()
	for i := range certs {
		if fixed != nil {
			w.ring.Staple(i, tlsconf.FixedStapler(&certs[i], fixed))
			continue
		}
		if err := w.fetch(i, &certs[i]); err != nil {
			w.x.b.Loader.Warnf("%s", err.Error())
		}
	}
	return nil
}

// fetch makes responses for certificate i come from its responder. The error
// is a warning.
func (w *work) fetch(i int, cert *tls.Certificate) error {
	client := &tlsconf.OCSPClient{}
	s, err := tlsconf.NewStapler(tlsconf.StaplerOptions{
		Name: w.x.names[cert.Leaf], Certificate: cert,
		Trusted:   append(append([]*x509.Certificate(nil), w.cas...), w.trusted...),
		Responder: w.c.staplingResponder,
		Verify:    w.c.staplingVerify,
		Fetch:     client.Fetch,
		Log: func(text string) {
			w.s.Root.Log.Log(errlog.Error, 0, nil, nil, "%s", text)
		},
	})
	if err != nil {
		return err
	}
	w.ring.Staple(i, s)
	w.x.b.Env.Resources.OnStop(s.Close)
	return nil
}
