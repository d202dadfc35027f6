package ssl

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
	"github.com/sluiceproxy/sluice/runtime/tlstable"
)

// commands applies ssl_conf_command, those of its commands that have a meaning
// with crypto/tls.
func (w *work) commands() error {
	for i := range w.c.Commands.Items {
		if err := w.command(&w.c.Commands.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) command(c *tlstable.Command) error {
	switch strings.ToLower(c.Name) {
	case "protocol":
		return w.commandProtocol(c)
	case "minprotocol", "maxprotocol":
		return c.Bound(w.cfg)
	case "cipherstring":
		if w.setCiphers(c.Value) != nil {
			return c.Bad(tlstable.NoCipher)
		}
		return nil
	case "ciphersuites":
		return checkSuites(c)
	case "curves", "groups":
		if err := w.setCurves(c.Value); err != nil {
			return c.Failed(err.Error())
		}
		return nil
	case "options":
		return w.commandOptions(c)
	case "certificate", "privatekey":
		return w.commandCertificate(c)
	case "dhparameters":
		return tlsconf.CheckDHParam(w.x.b.Loader.Inputs.ReadFile, w.x.b.Loader.ConfFile(c.Value))
	}
	return c.Unsupported()
}

// commandProtocol reads a list such as "-ALL,TLSv1.2,+TLSv1.3".
func (w *work) commandProtocol(c *tlstable.Command) error {
	set := tlsconf.Protocols(w.c.Protocols.V)
	for word := range strings.SplitSeq(c.Value, ",") {
		on := !strings.HasPrefix(word, "-")
		name := strings.TrimLeft(strings.TrimSpace(word), "+-")
		p, ok := tlsconf.ProtocolByName(name)
		if strings.EqualFold(name, "all") {
			p, ok = tlsconf.TLSv1|tlsconf.TLSv11|tlsconf.TLSv12|tlsconf.TLSv13, true
		}
		if !ok {
			return c.Bad("")
		}
		if set &^= p; on {
			set |= p
		}
	}
	return w.setProtocols(set)
}

// suites13 are the TLS 1.3 suites crypto/tls has; it uses all of them.
const suites13 = " TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "

// checkSuites accepts a list that leaves the choice among all suites of
// TLS 1.3, in any order, as crypto/tls cannot leave one out.
func checkSuites(c *tlstable.Command) error {
	have := 0
	for name := range strings.SplitSeq(c.Value, ":") {
		switch {
		case strings.Contains(suites13, " "+name+" "):
			have++
		case name != "TLS_AES_128_CCM_SHA256" && name != "TLS_AES_128_CCM_8_SHA256":
			return c.Bad(tlstable.NoCipher)
		}
	}
	if have < 3 {
		return c.Failed("a choice among the suites of TLSv1.3 is not supported here")
	}
	return nil
}

// optionWords are the options that need nothing here: what crypto/tls does
// anyway, or what only tunes.
const optionWords = " bugs compression ecdhsingle dhsingle serverpreference prioritizechacha middleboxcompat " +
	"noresumptiononrenegotiation encryptthenmac norenegotiation unsafelegacyrenegotiation legacyserverconnect " +
	"clientrenegotiation unsafelegacyserverconnect antireplay extendedmastersecret allownodhekex cana emptyfragments " +
	"ktls "

// commandOptions reads a list of options with + or - before each.
func (w *work) commandOptions(c *tlstable.Command) error {
	for word := range strings.SplitSeq(c.Value, ",") {
		on := !strings.HasPrefix(word, "-")
		name := strings.ToLower(strings.TrimLeft(strings.TrimSpace(word), "+-"))
		switch {
		case name == "sessionticket":
			w.tickets = on
		case name == "" || !strings.Contains(optionWords, " "+name+" "):
			return c.Bad("")
		}
	}
	return nil
}

// commandCertificate reads Certificate, and PrivateKey that completes it. The
// pair takes the place of one with the same type of key.
func (w *work) commandCertificate(c *tlstable.Command) error {
	name := w.x.b.Loader.ConfFile(c.Value)
	full := tlstable.Command{Name: c.Name, Value: name}
	if strings.EqualFold(c.Name, "certificate") {
		w.override = name
		return nil
	}
	if w.override == "" {
		return full.NoCertificate()
	}
	cert, err := w.x.load(w.override, name, w.c.Passwords)
	if err != nil {
		return full.Failed(err.Error())
	}
	w.certs = append(w.certs, cert)
	return nil
}
