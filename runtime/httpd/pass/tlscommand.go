package pass

import (
	"crypto/tls"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
	"github.com/sluiceproxy/sluice/runtime/tlstable"
)

// applyCommands applies the commands of *_ssl_conf_command that have a meaning
// with crypto/tls. They override what the other directives say.
func (t *TLS) applyCommands() error {
	override := ""
	for i := range t.conf.Commands.Items {
		c := &t.conf.Commands.Items[i]
		var err error
		switch strings.ToLower(c.Name) {
		case "minprotocol", "maxprotocol":
			err = c.Bound(t.base)
		case "cipherstring":
			var list *tlsconf.Ciphers
			if list, err = tlsconf.ParseCiphers(c.Value); err != nil {
				return c.Bad(tlstable.NoCipher)
			}
			t.base.CipherSuites = list.IDs
		case "certificate":
			override = t.absolute(c.Value)
		case "privatekey":
			err = t.commandKey(c, override)
		default:
			err = c.Unsupported()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// commandKey reads PrivateKey, which completes the Certificate before it.
func (t *TLS) commandKey(c *tlstable.Command, certificate string) error {
	if certificate == "" {
		return c.NoCertificate()
	}
	pair, err := t.objects.Certificate(certificate, t.absolute(c.Value), t.conf.Passwords)
	if err != nil {
		return c.Failed(err.Error())
	}
	t.dynamic = false
	t.base.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	return nil
}
