package ssl

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// alpn are the protocols offered to clients that ask.
var alpn = []string{"http/1.1", "http/1.0", "http/0.9"}

// work is the making of one server's settings.
type work struct {
	x        *module
	s        *httpd.Server
	c        *settings
	cfg      *tls.Config
	certs    []*tls.Certificate
	names    []string // of certificates with variables
	ring     *tlsconf.Keyring
	cas      []*x509.Certificate // of ssl_client_certificate
	trusted  []*x509.Certificate // of ssl_trusted_certificate
	crls     []*x509.RevocationList
	tickets  bool
	override string // Certificate of ssl_conf_command
}

// server turns a server's directives into its TLS settings, in nginx's order.
func (x *module) server(s *httpd.Server) error {
	c := x.section.Of(s.Block)
	if c.verify != verifyOff {
		s.VerifyClient = true
		s.CheckTLS = checker{required: c.verify == verifyOn, anyCA: c.verify == verifyOptionalNoCA}.check
	}
	n := len(c.certificates.Items)
	switch {
	case n > len(c.keys.Items):
		return loadError(`no "ssl_certificate_key" is defined for certificate "` + c.certificates.Items[n-1] + `"`)
	case n == 0 && !c.reject:
		return nil
	}
	w := &work{x: x, s: s, c: c, tickets: c.tickets, cfg: &tls.Config{
		NextProtos:                  alpn,
		DynamicRecordSizingDisabled: true,
	}}
	for _, step := range []func() error{
		w.protocols, w.ciphers, w.certificates, w.verification, w.keyExchange, w.commands, w.keyring, w.sessions, w.ech, w.keyLog,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	x.warnIgnored(c)
	s.TLS = &front.TLS{Config: w.cfg, Reject: c.reject, RecordSize: int(max(min(c.bufferSize, 16<<10), 1)), SessionIDs: x.sessionID.Index >= 0}
	if w.c.verify != verifyOff {
		w.judge()
	}
	s.TLS.Terms = w.terms()
	return nil
}

// terms are what clients agree to by a handshake.
func (w *work) terms() [32]byte {
	h, c := sha256.New(), w.c
	fmt.Fprintln(h, c.reject, c.Protocols.V, w.cfg.MinVersion, w.cfg.MaxVersion, w.cfg.CipherSuites, w.cfg.CurvePreferences)
	fmt.Fprintln(h, c.verify, c.Depth, len(w.cas), len(w.trusted), len(w.crls))
	if c.verify != verifyOff {
		for _, cert := range slices.Concat(w.cas, w.trusted) {
			h.Write(cert.Raw)
		}
		for _, crl := range w.crls {
			h.Write(crl.Raw)
		}
	}
	return [32]byte(h.Sum(nil))
}

// warnIgnored reports what the library cannot do and nginx does without, too,
// where its library cannot.
func (x *module) warnIgnored(c *settings) {
	if c.earlyData {
		x.b.Loader.Warnf(`"ssl_early_data" is not supported on this platform, ignored`)
	}
	if c.compression && len(c.certificates.Items) > 0 && !c.hasVariables() {
		x.b.Loader.Warnf(`"ssl_certificate_compression" is not supported on this platform, ignored`)
	}
}

// ech loads the keys of Encrypted Client Hello. The server sends those of the first
// file to clients with outdated ones.
func (w *work) ech() error {
	for i, name := range w.c.ech.Items {
		keys, err := tlsconf.LoadECH(w.x.b.Loader.Inputs.ReadFile, w.x.b.Loader.ConfFile(name), i == 0)
		if err != nil {
			return err
		}
		w.cfg.EncryptedClientHelloKeys = append(w.cfg.EncryptedClientHelloKeys, keys...)
	}
	return nil
}

// versionNone is below everything crypto/tls speaks.
const versionNone = tls.VersionSSL30 //nolint:staticcheck // a bound that no client meets

// protocols applies ssl_protocols. crypto/tls has a range of versions; a set
// with holes becomes one configuration for each of its versions.
func (w *work) protocols() error { return w.setProtocols(tlsconf.Protocols(w.c.Protocols.V)) }

func (w *work) setProtocols(p tlsconf.Protocols) error {
	low, high, holes, ok := p.Range()
	if !ok {
		low, high = versionNone, versionNone
	}
	w.cfg.MinVersion, w.cfg.MaxVersion = low, high
	w.cfg.GetConfigForClient = nil
	if holes != 0 {
		w.cfg.GetConfigForClient = w.oneVersion(p)
	}
	return nil
}

// oneVersion chooses the highest version of p that the client speaks.
func (w *work) oneVersion(p tlsconf.Protocols) func(*tls.ClientHelloInfo) (*tls.Config, error) {
	base := w.cfg
	return func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		best := uint16(versionNone)
		for v := tlsconf.TLSv1; v <= tlsconf.TLSv13; v <<= 1 {
			if low, _, _, ok := (p & v).Range(); ok {
				for _, theirs := range hello.SupportedVersions {
					if theirs == low {
						best = low
					}
				}
			}
		}
		one := base.Clone()
		one.MinVersion, one.MaxVersion, one.GetConfigForClient = best, best, nil
		return one, nil
	}
}

func (w *work) ciphers() error { return w.setCiphers(w.c.Ciphers) }

func (w *work) setCiphers(list string) error {
	ciphers, err := tlsconf.ParseCiphers(list)
	if err == nil {
		w.cfg.CipherSuites = ciphers.IDs
	}
	return err
}

// certificates loads the server's certificates, or leaves that to handshakes.
func (w *work) certificates() error {
	if w.c.hasVariables() {
		d, err := w.x.dynamic(w.c)
		if err != nil {
			return w.atEndOfHTTP(err)
		}
		w.cfg.GetCertificate = d.get
		if w.s.Issued != nil && w.c.issuedOnly() {
			w.cfg.GetCertificate = w.s.Issued.Get
		}
		w.names = w.c.certificates.Items
		return nil
	}
	certs, err := w.x.static(w.c)
	w.certs = certs
	return err
}

// verification loads what client certificates are checked against.
func (w *work) verification() error {
	c, file := w.c, w.x.b.Loader.ConfFile
	if c.verify != verifyOff {
		if c.verify != verifyOptionalNoCA && c.clientCA == "" && c.Trusted == "" {
			return loadError("no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client")
		}
		if c.clientCA != "" {
			cas, err := w.x.objects().CA(file(c.clientCA))
			if err != nil {
				return err
			}
			w.cas = cas
		}
	}
	if c.Trusted != "" {
		list, err := w.x.objects().CA(file(c.Trusted))
		if err != nil {
			return err
		}
		w.trusted = list
	}
	if c.CRL != "" {
		list, err := w.x.objects().CRL(file(c.CRL))
		if err != nil {
			return err
		}
		w.crls = list
	}
	switch {
	case c.ocsp != 0 && c.verify == verifyOptionalNoCA:
		return loadError(`"ssl_ocsp" is incompatible with "ssl_verify_client optional_no_ca"`)
	case c.ocsp != 0:
		return loadError(`"ssl_ocsp" is not supported on this platform`)
	}
	return nil
}

// keyExchange checks ssl_dhparam and applies ssl_ecdh_curve.
func (w *work) keyExchange() error {
	if w.c.dhparam != "" {
		if err := tlsconf.CheckDHParam(w.x.b.Loader.Inputs.ReadFile, w.x.b.Loader.ConfFile(w.c.dhparam)); err != nil {
			return err
		}
	}
	return w.setCurves(w.c.curve)
}

func (w *work) setCurves(list string) error {
	curves, err := tlsconf.ParseCurves(list)
	if err != nil {
		return err
	}
	if len(curves.IDs) == 0 && len(curves.Unsupported) > 0 {
		return loadError(`none of the curves in "` + list + `" is supported here`)
	}
	w.cfg.CurvePreferences = curves.IDs
	return nil
}

// judge makes the server request client certificates, and sets what they are verified
// against.
func (w *work) judge() {
	c, s := w.c, w.s
	w.cfg.ClientAuth = tls.RequestClientCert
	if len(w.cas) > 0 {
		w.cfg.ClientCAs = x509.NewCertPool()
		for _, ca := range w.cas {
			w.cfg.ClientCAs.AddCert(ca)
		}
	}
	verifier := tlsconf.NewVerifier(tlsconf.VerifyOptions{
		Trusted: append(append([]*x509.Certificate(nil), w.cas...), w.trusted...),
		CRLs:    w.crls, Depth: c.Depth, Usage: x509.ExtKeyUsageClientAuth,
	})
	s.TLS.Judge = func(cs *tls.ConnectionState) tlsconf.VerifyCode {
		return verifier.Verify(cs.PeerCertificates, time.Now())
	}
}

// keyring puts the loaded certificates in order and staples responses to them.
func (w *work) keyring() error {
	w.ring = tlsconf.NewKeyring(tlsconf.Arrange(w.certs))
	if w.cfg.GetCertificate == nil {
		w.cfg.GetCertificate = w.ring.Get
	}
	if w.c.stapling && w.c.compression {
		return loadError(`"ssl_stapling" is incompatible with "ssl_certificate_compression"`)
	}
	if w.c.stapling {
		return w.staple()
	}
	return nil
}

// sessions applies ssl_session_cache, ssl_session_tickets and related directives.
func (w *work) sessions() error {
	c := w.c
	spec := c.sessions.V
	s := &tlsconf.Sessions{
		Timeout: seconds(c.timeout), Tickets: w.tickets,
		Context: tlsconf.NewSessionContext("HTTP", w.ring.Certificates(), w.names, w.cas),
	}
	zone := ""
	switch {
	case spec.Off || spec.none:
	case spec.Zone != "":
		zone = conf.Sprintf("%s:%d", spec.Zone, spec.ZoneSize)
		s.Cache = sessionCaches.Take(w.x.b.Env.Resources, zone, func() *tlsconf.SessionCache {
			return tlsconf.NewSharedCache(spec.ZoneSize)
		})
	case spec.Builtin > 0:
		s.Cache = tlsconf.NewBuiltinCache(spec.Builtin)
	}
	keys, err := w.ticketKeys(zone)
	s.Keys = keys
	s.Apply(w.cfg)
	return err
}

// ticketKeys are those of ssl_session_ticket_key, else random ones, which the
// servers of a shared session cache have in common.
func (w *work) ticketKeys(zone string) (*tlsconf.TicketKeys, error) {
	fresh := func() *tlsconf.TicketKeys { return tlsconf.NewTicketKeys(seconds(w.c.timeout), time.Now()) }
	if names := w.c.ticketKeys.Items; len(names) > 0 {
		files := make([]string, len(names))
		for i, name := range names {
			files[i] = w.x.b.Loader.ConfFile(name)
		}
		keys, err := tlsconf.LoadTicketKeys(w.x.b.Loader.Inputs.ReadFile, files)
		if err != nil {
			err = w.atEndOfHTTP(err)
		}
		return keys, err
	}
	if zone == "" {
		return fresh(), nil
	}
	return ticketKeys.Take(w.x.b.Env.Resources, zone, fresh), nil
}

// atEndOfHTTP adds the place where nginx finds errors of merged settings.
func (w *work) atEndOfHTTP(err error) error {
	n := w.s.Block.Parent.Node
	return loadError(conf.Sprintf("%s in %s:%d", err.Error(), n.File.Path, n.EndLine))
}

// keyLog opens ssl_key_log.
func (w *work) keyLog() error {
	if w.c.keyLog != "" {
		w.cfg.KeyLogWriter = keyLog{w.x.b.Env.LogFiles.File(w.x.b.Loader.FullPath(w.c.keyLog))}
	}
	return nil
}

// keyLog writes lines of keys to a log file, which is opened and reopened with the others.
type keyLog struct{ *logfile.File }

// Write implements io.Writer.
func (l keyLog) Write(line []byte) (int, error) {
	l.File.WriteNow(line)
	return len(line), nil
}
