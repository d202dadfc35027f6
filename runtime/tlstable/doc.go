// Package tlstable has the directives about TLS that servers (ssl_*) and gateways
// (proxy_ssl_*) have in common: one table under a prefix, and the commands of
// OpenSSL's SSL_CONF_cmd, as far as both take them. Package tlsconf turns the
// values into settings of crypto/tls.
//
//	type settings struct {
//		tlstable.Settings
//		...
//	}
//
//	func bind(c *settings, t *conf.Table) {
//		c.Settings.Bind(t, "ssl_")
//		...
//	}
//
// Not supported: see tlsconf.
package tlstable
