package tlstable

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// Command is one *_conf_command: a name and value of OpenSSL's SSL_CONF_cmd.
type Command struct{ Name, Value string }

// NoCipher is what OpenSSL says first of a list of ciphers it finds none in.
const NoCipher = "error:0A0000B9:SSL routines::no cipher match "

// Failed is nginx's error with the library's words.
func (c *Command) Failed(queue string) error {
	return errors.New(`SSL_CONF_cmd("` + c.Name + `", "` + c.Value + `") failed (SSL: ` + queue + ")")
}

// Bad is the error for a value that is refused; before are the errors in
// OpenSSL's queue that come first.
func (c *Command) Bad(before string) error {
	return c.Failed(before + "error:0A000180:SSL routines::bad value:cmd=" + c.Name + ", value=" + c.Value)
}

// Unsupported is the error for a command that is not applied: OpenSSL does not
// know it, or it is one of those without a meaning here.
func (c *Command) Unsupported() error {
	if !strings.Contains(known, " "+strings.ToLower(c.Name)+" ") {
		return c.Failed("error:0A000182:SSL routines::unknown cmd name:cmd=" + c.Name)
	}
	return c.Failed("not supported here")
}

// known are the commands of SSL_CONF_cmd that one of the two sides does not apply.
const known = " protocol ciphersuites curves groups options dhparameters signaturealgorithms " +
	"clientsignaturealgorithms numtickets recordpadding verifymode serverinfofile chaincapath chaincafile verifycapath " +
	"verifycafile requestcafile clientcafile requestcapath clientcapath verifycastore chaincastore requestcastore " +
	"ecdhparameters "

// Bound applies MinProtocol or MaxProtocol to cfg.
func (c *Command) Bound(cfg *tls.Config) error {
	p, ok := tlsconf.ProtocolByName(c.Value)
	if !ok && !strings.EqualFold(c.Value, "none") {
		return c.Bad("")
	}
	low, _, _, bounded := p.Range()
	switch {
	case !bounded:
	case strings.EqualFold(c.Name, "minprotocol"):
		cfg.MinVersion = max(cfg.MinVersion, low)
	default:
		cfg.MaxVersion = min(cfg.MaxVersion, low)
	}
	return nil
}

// NoCertificate is the error for a PrivateKey without the Certificate that it completes.
func (c *Command) NoCertificate() error {
	return c.Failed("no Certificate before PrivateKey is not supported here")
}
