package pass

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// command is one *_ssl_conf_command: a name and value of OpenSSL's
// SSL_CONF_cmd.
type command struct{ name, value string }

func (c *command) failed(queue string) error {
	return errors.New(`SSL_CONF_cmd("` + c.name + `", "` + c.value + `") failed (SSL: ` + queue + ")")
}

func (c *command) bad() error {
	return c.failed("error:0A000180:SSL routines::bad value:cmd=" + c.name + ", value=" + c.value)
}

// SameCommands reports whether s and o have one *_ssl_conf_command list, of
// which a block inherited the other's.
func (s *TLSSettings) SameCommands(o *TLSSettings) bool {
	a, b := s.Commands.Items, o.Commands.Items
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// applyCommands applies the commands that have a meaning with crypto/tls. They
// override what the other directives say.
func (t *TLS) applyCommands() error {
	override := ""
	for i := range t.conf.Commands.Items {
		c := &t.conf.Commands.Items[i]
		var err error
		switch strings.ToLower(c.name) {
		case "minprotocol", "maxprotocol":
			err = t.commandBound(c)
		case "cipherstring":
			var list *tlsconf.Ciphers
			if list, err = tlsconf.ParseCiphers(c.value); err != nil {
				return c.failed("error:0A0000B9:SSL routines::no cipher match error:0A000180:SSL routines::bad value:cmd=" +
					c.name + ", value=" + c.value)
			}
			t.base.CipherSuites = list.IDs
		case "certificate":
			override = t.absolute(c.value)
		case "privatekey":
			err = t.commandKey(c, override)
		default:
			err = c.failed(c.unsupported())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unsupported says why a command is refused: OpenSSL does not know it, or it is
// one of those without a meaning here.
func (c *command) unsupported() string {
	if !strings.Contains(opensslCommands, " "+strings.ToLower(c.name)+" ") {
		return "error:0A000182:SSL routines::unknown cmd name:cmd=" + c.name
	}
	return "not supported here"
}

// opensslCommands are the other commands of SSL_CONF_cmd.
const opensslCommands = " protocol ciphersuites curves groups options dhparameters signaturealgorithms " +
	"clientsignaturealgorithms numtickets recordpadding verifymode serverinfofile chaincapath chaincafile verifycapath " +
	"verifycafile requestcafile clientcafile requestcapath clientcapath verifycastore chaincastore requestcastore " +
	"ecdhparameters "

// commandBound reads MinProtocol and MaxProtocol.
func (t *TLS) commandBound(c *command) error {
	p, ok := tlsconf.ProtocolByName(c.value)
	if !ok && !strings.EqualFold(c.value, "none") {
		return c.bad()
	}
	low, _, _, known := p.Range()
	switch {
	case !known:
	case strings.EqualFold(c.name, "minprotocol"):
		t.base.MinVersion = max(t.base.MinVersion, low)
	default:
		t.base.MaxVersion = min(t.base.MaxVersion, low)
	}
	return nil
}

// commandKey reads PrivateKey, which completes the Certificate before it.
func (t *TLS) commandKey(c *command, certificate string) error {
	if certificate == "" {
		return c.failed("no Certificate before PrivateKey is not supported here")
	}
	pair, err := t.objects.Certificate(certificate, t.absolute(c.value), t.conf.Passwords)
	if err != nil {
		return c.failed(err.Error())
	}
	t.dynamic = false
	t.base.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	return nil
}
