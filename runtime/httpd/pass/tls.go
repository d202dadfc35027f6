package pass

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/tlsobjects"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/tlstable"
)

// TLSSettings are the *_ssl_* directives.
type TLSSettings struct {
	tlstable.Settings
	Verify     bool
	Reuse      bool          // of sessions
	ServerName bool          // send SNI
	Name       *script.Value // nil: the upstream's
	Cert, Key  *script.Value // nil: none
}

// DefaultTLS are nginx's defaults.
func DefaultTLS() TLSSettings {
	return TLSSettings{Settings: tlstable.Defaults("DEFAULT"), Reuse: true}
}

// Table binds the directives under a prefix such as "proxy".
func (s *TLSSettings) Table(b *httpd.Builder, t *conf.Table, prefix string) {
	p := prefix + "_ssl_"
	s.Bind(t, p)
	t.Flag(p+"verify", &s.Verify)
	t.Flag(p+"session_reuse", &s.Reuse)
	t.Flag(p+"server_name", &s.ServerName)
	b.BindValue(t, p+"name", &s.Name)
	b.BindValue(t, p+"certificate", &s.Cert)
	b.BindValue(t, p+"certificate_key", &s.Key)
}

// Same reports whether o has the same values, of which a block inherited one of
// the two from the other.
func (s *TLSSettings) Same(o *TLSSettings) bool {
	return s.Settings.Same(&o.Settings) && s.Verify == o.Verify && s.Reuse == o.Reuse && s.ServerName == o.ServerName &&
		s.Name == o.Name && s.Cert == o.Cert && s.Key == o.Key
}

// TLS is how connections to an upstream are encrypted: settings ready for use.
// Immutable but for its sessions; safe for concurrent use.
type TLS struct {
	conf     TLSSettings
	base     *tls.Config
	verifier *tlsconf.Verifier   // nil: the certificate is not looked at
	dynamic  bool                // the certificate's name has variables
	absolute func(string) string // of a file's name
	objects  *tlsconf.Objects    // while settings are built

	mu       sync.Mutex
	sessions map[string]*tls.ClientSessionState // by sessionKey, at most maxSessions
}

// Build reads the files that the settings name.
func (s *TLSSettings) Build(b *httpd.Builder, prefix string) (*TLS, error) {
	t := &TLS{conf: *s, objects: tlsobjects.Of(b), absolute: b.Loader.ConfFile}
	t.base = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // verification is nginx's, after the handshake
	lo, hi, _, ok := tlsconf.Protocols(s.Protocols.V).Range()
	if ok {
		t.base.MinVersion, t.base.MaxVersion = lo, hi
	} else {
		t.base.MinVersion, t.base.MaxVersion = tls.VersionTLS13+1, tls.VersionTLS13+1
	}
	ciphers, err := tlsconf.ParseCiphers(s.Ciphers)
	if err != nil {
		return nil, err
	}
	t.base.CipherSuites = ciphers.IDs
	if err := t.loadCertificate(prefix); err != nil {
		return nil, err
	}
	if s.Verify {
		if err := t.loadTrusted(prefix); err != nil {
			return nil, err
		}
	}
	return t, t.applyCommands()
}

func (t *TLS) loadCertificate(prefix string) error {
	s := &t.conf
	if s.Cert == nil || s.Cert.Text() == "" {
		return nil
	}
	if s.Key == nil {
		return errors.New(`no "` + prefix + `_ssl_certificate_key" is defined for certificate "` + s.Cert.Text() + `"`)
	}
	cert, static := s.Cert.Static()
	key, static2 := s.Key.Static()
	if !static || !static2 {
		t.dynamic = true
		return nil
	}
	pair, err := t.objects.Certificate(tlsconf.CertificateName(string(cert), t.absolute),
		tlsconf.KeyName(string(key), t.absolute), s.Passwords)
	if err != nil {
		return err
	}
	t.base.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	return nil
}

func (t *TLS) loadTrusted(prefix string) error {
	s := &t.conf
	if s.Trusted == "" {
		return errors.New("no " + prefix + "_ssl_trusted_certificate for " + prefix + "_ssl_verify")
	}
	opt := tlsconf.VerifyOptions{Depth: s.Depth, Usage: x509.ExtKeyUsageServerAuth}
	var err error
	if opt.Trusted, err = t.objects.CA(t.absolute(s.Trusted)); err != nil {
		return err
	}
	if s.CRL != "" {
		if opt.CRLs, err = t.objects.CRL(t.absolute(s.CRL)); err != nil {
			return err
		}
	}
	t.verifier = tlsconf.NewVerifier(opt)
	return nil
}

// handshake encrypts a new connection.
func (x *Exchange) handshake() (Fail, httpd.Result) {
	t := x.TLS
	cfg := t.base.Clone()
	name := x.serverName()
	if t.conf.ServerName && sendable(name) {
		cfg.ServerName = string(name)
	}
	cfg.NextProtos = x.ALPN
	if t.conf.Reuse {
		cfg.ClientSessionCache = peerSessions{t, x.sessionKey(name)}
	}
	if t.dynamic {
		if err := x.chooseCertificate(cfg); err != nil {
			x.R.Errorf(nil, "%s", err.Error())
			return 0, httpd.StatusInternalServerError
		}
	}
	if x.R.Core().TCPNoDelay {
		_ = x.conn.Net.SetNoDelay(true)
	}
	x.R.Action("SSL handshaking to upstream")
	x.R.BeginWait()
	err := x.conn.Handshake(cfg, x.started+int64(msec(x.S.ConnectTimeout)))
	x.R.EndWait()
	if err != nil {
		if x.gone.Load() {
			return 0, x.aborted()
		}
		return x.handshakeFailed(err), httpd.OK
	}
	if t.verifier == nil {
		return 0, httpd.OK
	}
	peer := x.conn.TLS().ConnectionState().PeerCertificates
	if code := t.verifier.Verify(peer, time.Now()); code != tlsconf.VerifyOK {
		x.R.Errorf(nil, "upstream SSL certificate verify error: (%d:%s)", int(code), code.Error())
		return FailError, httpd.OK
	}
	if len(peer) == 0 || !tlsconf.CheckHost(peer[0], string(name)) {
		x.R.Errorf(nil, `upstream SSL certificate does not match "%s"`, name)
		return FailError, httpd.OK
	}
	return 0, httpd.OK
}

func (x *Exchange) handshakeFailed(err error) Fail {
	switch {
	case isTimeout(err):
		return FailTimeout
	case isEOF(err):
		x.R.Errorf(nil, "peer closed connection in SSL handshake")
	default:
		if _, ok := errlog.Errno(err); ok {
			x.connError(err, "peer closed connection in SSL handshake")
		} else {
			x.R.Errorf(nil, "SSL_do_handshake() failed (SSL: %s)", tlsconf.HandshakeReason(err, 0))
		}
	}
	return FailError
}

// serverName is *_ssl_name without a port, which $proxy_host may bring.
func (x *Exchange) serverName() []byte {
	name := x.To.Host
	if v := x.TLS.conf.Name; v != nil {
		name = v.Eval(x.R)
	}
	from := 0
	if len(name) > 0 && name[0] == '[' {
		for i, c := range name {
			if c == ']' {
				from = i
				break
			}
		}
	}
	for i := from; i < len(name); i++ {
		if name[i] == ':' {
			return name[:i]
		}
	}
	return name
}

// sendable reports whether a name may stand in SNI: addresses may not.
func sendable(name []byte) bool {
	if len(name) == 0 || name[0] == '[' {
		return false
	}
	_, isIP := netaddr.ParseIP(name)
	return !isIP
}

// chooseCertificate loads the certificate that the directives name for this
// request.
func (x *Exchange) chooseCertificate(cfg *tls.Config) error {
	t := x.TLS
	cert := string(t.conf.Cert.Eval(x.R))
	if cert == "" {
		return nil
	}
	cert = tlsconf.CertificateName(cert, t.absolute)
	key := tlsconf.KeyName(string(t.conf.Key.Eval(x.R)), t.absolute)
	var pair *tls.Certificate
	var err error
	if t.conf.Cache != nil {
		pair, err = t.conf.Cache.Load(cert, key, t.conf.Passwords, time.Now())
	} else {
		pair, err = tlsconf.LoadCertificate(cert, key, t.conf.Passwords)
	}
	if err != nil {
		return err
	}
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	return nil
}

// sessionKey is the key of the session that may be resumed: one with the same peer,
// made for the same name and with the same client certificate.
func (x *Exchange) sessionKey(name []byte) string {
	key := string(x.name) + "\x00" + string(name)
	if t := x.TLS; t.dynamic {
		key += "\x00" + string(t.conf.Cert.Eval(x.R)) + "\x00" + string(t.conf.Key.Eval(x.R))
	}
	return key
}

// maxSessions bounds the sessions of one TLS. Their keys may be chosen by
// clients, where names have variables.
const maxSessions = 1000

// peerSessions is the session of one key.
type peerSessions struct {
	t    *TLS
	peer string
}

// Get implements tls.ClientSessionCache.
func (s peerSessions) Get(string) (*tls.ClientSessionState, bool) {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	cs, ok := s.t.sessions[s.peer]
	return cs, ok
}

// Put implements tls.ClientSessionCache.
func (s peerSessions) Put(_ string, cs *tls.ClientSessionState) {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	if cs == nil {
		delete(s.t.sessions, s.peer)
		return
	}
	if s.t.sessions == nil {
		s.t.sessions = map[string]*tls.ClientSessionState{}
	}
	if _, ok := s.t.sessions[s.peer]; !ok && len(s.t.sessions) >= maxSessions {
		for other := range s.t.sessions { // any one
			delete(s.t.sessions, other)
			break
		}
	}
	s.t.sessions[s.peer] = cs
}
