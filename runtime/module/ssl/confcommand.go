package ssl

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// command is one ssl_conf_command: a name and value of OpenSSL's SSL_CONF_cmd.
type command struct{ name, value string }

// commands applies ssl_conf_command, those of its commands that have a meaning
// with crypto/tls.
func (w *work) commands() error {
	for i := range w.c.commands.Items {
		if err := w.command(&w.c.commands.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) command(c *command) error {
	switch strings.ToLower(c.name) {
	case "protocol":
		return w.commandProtocol(c)
	case "minprotocol", "maxprotocol":
		return w.commandBound(c)
	case "cipherstring":
		if w.setCiphers(c.value) != nil {
			return c.bad("error:0A0000B9:SSL routines::no cipher match ")
		}
		return nil
	case "ciphersuites":
		return c.checkSuites()
	case "curves", "groups":
		if err := w.setCurves(c.value); err != nil {
			return loadError(c.failed(err.Error()))
		}
		return nil
	case "options":
		return w.commandOptions(c)
	case "certificate", "privatekey":
		return w.commandCertificate(c)
	case "dhparameters":
		return tlsconf.CheckDHParam(w.x.b.Loader.Inputs.ReadFile, w.x.b.Loader.ConfFile(c.value))
	case "signaturealgorithms", "clientsignaturealgorithms", "numtickets", "recordpadding", "verifymode",
		"serverinfofile", "chaincapath", "chaincafile", "verifycapath", "verifycafile", "requestcafile",
		"clientcafile", "requestcapath", "clientcapath", "verifycastore", "chaincastore", "requestcastore", "ecdhparameters":
		return loadError(c.failed("not supported here"))
	}
	return loadError(c.failed("error:0A000182:SSL routines::unknown cmd name:cmd=" + c.name))
}

// failed is nginx's message with the library's words.
func (c *command) failed(queue string) string {
	return `SSL_CONF_cmd("` + c.name + `", "` + c.value + `") failed (SSL: ` + queue + ")"
}

// bad is the error for a value that is refused; before are the errors in
// OpenSSL's queue that come first.
func (c *command) bad(before string) error {
	return loadError(c.failed(before + "error:0A000180:SSL routines::bad value:cmd=" + c.name + ", value=" + c.value))
}

// commandProtocol reads a list such as "-ALL,TLSv1.2,+TLSv1.3".
func (w *work) commandProtocol(c *command) error {
	set := tlsconf.Protocols(w.c.protocols.V)
	for word := range strings.SplitSeq(c.value, ",") {
		on := !strings.HasPrefix(word, "-")
		name := strings.TrimLeft(strings.TrimSpace(word), "+-")
		p, ok := tlsconf.ProtocolByName(name)
		if strings.EqualFold(name, "all") {
			p, ok = tlsconf.TLSv1|tlsconf.TLSv11|tlsconf.TLSv12|tlsconf.TLSv13, true
		}
		if !ok {
			return c.bad("")
		}
		if set &^= p; on {
			set |= p
		}
	}
	return w.setProtocols(set)
}

// commandBound reads MinProtocol and MaxProtocol.
func (w *work) commandBound(c *command) error {
	p, ok := tlsconf.ProtocolByName(c.value)
	if !ok && !strings.EqualFold(c.value, "none") {
		return c.bad("")
	}
	low, _, _, known := p.Range()
	if !known {
		return nil
	}
	if strings.EqualFold(c.name, "minprotocol") {
		w.cfg.MinVersion = max(w.cfg.MinVersion, low)
	} else {
		w.cfg.MaxVersion = min(w.cfg.MaxVersion, low)
	}
	return nil
}

// suites13 are the TLS 1.3 suites crypto/tls has; it uses all of them.
const suites13 = " TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "

// checkSuites accepts a list that leaves the choice among all suites of
// TLS 1.3, in any order, as crypto/tls cannot leave one out.
func (c *command) checkSuites() error {
	have := 0
	for name := range strings.SplitSeq(c.value, ":") {
		switch {
		case strings.Contains(suites13, " "+name+" "):
			have++
		case name != "TLS_AES_128_CCM_SHA256" && name != "TLS_AES_128_CCM_8_SHA256":
			return c.bad("error:0A0000B9:SSL routines::no cipher match ")
		}
	}
	if have < 3 {
		return loadError(c.failed("a choice among the suites of TLSv1.3 is not supported here"))
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
func (w *work) commandOptions(c *command) error {
	for word := range strings.SplitSeq(c.value, ",") {
		on := !strings.HasPrefix(word, "-")
		name := strings.ToLower(strings.TrimLeft(strings.TrimSpace(word), "+-"))
		switch {
		case name == "sessionticket":
			w.tickets = on
		case name == "" || !strings.Contains(optionWords, " "+name+" "):
			return c.bad("")
		}
	}
	return nil
}

// commandCertificate reads Certificate, and PrivateKey that completes it. The
// pair takes the place of one with the same type of key.
func (w *work) commandCertificate(c *command) error {
	name := w.x.b.Loader.ConfFile(c.value)
	full := command{c.name, name}
	if strings.EqualFold(c.name, "certificate") {
		w.override = name
		return nil
	}
	if w.override == "" {
		return loadError(full.failed("no Certificate before PrivateKey is not supported here"))
	}
	cert, err := w.x.load(w.override, name, w.c.passwords)
	if err != nil {
		return loadError(full.failed(err.Error()))
	}
	w.certs = append(w.certs, cert)
	return nil
}
