package ssl

import (
	"crypto/x509"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/tlstable"
)

// Module is ngx_http_ssl_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_ssl_module", Register: register}
}

// settings are the directives as they hold in http or in a server.
type settings struct {
	tlstable.Settings
	certificates, keys conf.List[string]
	curve, dhparam     string
	clientCA           string
	verify             int
	bufferSize         int64
	preferServer       bool
	reject             bool
	earlyData          bool
	compression        bool

	sessions   conf.Slot[sessionCache]
	timeout    int64 // seconds
	tickets    bool
	ticketKeys conf.List[string]

	stapling, staplingVerify        bool
	staplingFile, staplingResponder string
	ocsp                            int
	ocspResponder                   string
	ech                             conf.List[string]
	keyLog                          string
}

// The values of ssl_verify_client.
const (
	verifyOff = iota
	verifyOn
	verifyOptional
	verifyOptionalNoCA
)

func defaults() settings {
	return settings{
		Settings: tlstable.Defaults(tlsconf.DefaultCiphers), curve: tlsconf.DefaultCurve,
		bufferSize: 16 << 10, timeout: 300, tickets: true,
	}
}

func bind(c *settings, t *conf.Table) {
	c.Bind(t, "ssl_")
	t.Strs("ssl_certificate", &c.certificates)
	t.Strs("ssl_certificate_key", &c.keys)
	t.Flag("ssl_certificate_compression", &c.compression)
	t.Flag("ssl_prefer_server_ciphers", &c.preferServer)
	t.Str("ssl_ecdh_curve", &c.curve)
	t.Str("ssl_dhparam", &c.dhparam)
	t.Size("ssl_buffer_size", &c.bufferSize)
	t.Flag("ssl_early_data", &c.earlyData)
	t.Flag("ssl_reject_handshake", &c.reject)
	t.Strs("ssl_ech_file", &c.ech)
	t.Str("ssl_key_log", &c.keyLog)
	bindVerify(c, t)
	bindSessions(c, t)
	t.Flag("ssl_stapling", &c.stapling)
	t.Flag("ssl_stapling_verify", &c.staplingVerify)
	t.Str("ssl_stapling_file", &c.staplingFile)
	t.Str("ssl_stapling_responder", &c.staplingResponder)
}

func bindVerify(c *settings, t *conf.Table) {
	t.Enum("ssl_verify_client", &c.verify, []conf.Choice{
		{Word: "off", Value: verifyOff},
		{Word: "on", Value: verifyOn},
		{Word: "optional", Value: verifyOptional},
		{Word: "optional_no_ca", Value: verifyOptionalNoCA},
	})
	t.Str("ssl_client_certificate", &c.clientCA)
	t.Enum("ssl_ocsp", &c.ocsp, []conf.Choice{{Word: "off", Value: 0}, {Word: "on", Value: 1}, {Word: "leaf", Value: 2}})
	t.Str("ssl_ocsp_responder", &c.ocspResponder)
	t.Func("ssl_ocsp_cache", checkOCSPCache)
}

func bindSessions(c *settings, t *conf.Table) {
	t.Func("ssl_session_cache", func(cmd *conf.Cmd) error { return c.setSessionCache(cmd) })
	t.Sec("ssl_session_timeout", &c.timeout)
	t.Flag("ssl_session_tickets", &c.tickets)
	t.Strs("ssl_session_ticket_key", &c.ticketKeys)
}

// What goes from one configuration to the next. Session caches and the ticket keys of
// their servers do so by the name and size of the zone.
const (
	certificateCaches resource.Kind[*tlsconf.CertificateCache] = "ssl_object_cache_inheritable"
	sessionCaches     resource.Kind[*tlsconf.SessionCache]     = "ssl_session_cache"
	ticketKeys        resource.Kind[*tlsconf.TicketKeys]       = "ssl_session_tickets"
)

// module is what one load of the configuration shares among its servers.
type module struct {
	b       *httpd.Builder
	section *conf.Section[settings]
	inherit *conf.Section[inherit]
	// sessionID is $ssl_session_id; connections keep what it needs if it is used.
	sessionID *script.Variable[*httpd.Request]

	names map[*x509.Certificate]string // of loaded certificates, for messages
}

func register(b *httpd.Builder, m *conf.Module) {
	x := &module{b: b, names: map[*x509.Certificate]string{}}
	x.section = conf.NewSection(m, defaults(), bind)
	m.Partial("off; on is ignored with a warning, crypto/tls has no such thing", "ssl_early_data", "ssl_certificate_compression")
	m.Partial("off; on and leaf are refused", "ssl_ocsp")
	m.Partial("checked; without ssl_ocsp it has no meaning", "ssl_ocsp_cache", "ssl_ocsp_responder")
	m.Partial("read and checked; crypto/tls has no finite-field Diffie-Hellman, see ADR 5", "ssl_dhparam")
	x.inherit = conf.NewSection(b.Loader.Module("ngx_core_module"), inherit{on: true}, bindInherit)
	x.sessionID = defineVars(b)
	b.EachServer(x.server)
	b.EachAddr(x.address)
}

// inherit is what the main block says about loaded certificates.
type inherit struct{ on bool }

func bindInherit(c *inherit, t *conf.Table) { t.Flag("ssl_object_cache_inheritable", &c.on) }

// address checks that a listening address with TLS has something to show.
func (x *module) address(a *httpd.Addr) error {
	if !a.SSL {
		return nil
	}
	missing := func(s *httpd.Server) error {
		n := s.Block.Node
		return loadError(conf.Sprintf(`no "ssl_certificate" is defined for the "listen ... ssl" directive in %s:%d`,
			n.File.Path, n.Line))
	}
	c := x.section.Of(a.Default.Block)
	if len(c.certificates.Items) > 0 {
		return nil
	}
	if !c.reject {
		return missing(a.Default)
	}
	for _, s := range a.Servers() {
		if c := x.section.Of(s.Block); len(c.certificates.Items) == 0 && !c.reject {
			return missing(s)
		}
	}
	return nil
}

// loadError is a message of nginx's that names no directive's place.
type loadError string

func (e loadError) Error() string { return string(e) }
