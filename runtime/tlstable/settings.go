package tlstable

import (
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// Settings are the directives that both sides have, without their prefix.
type Settings struct {
	Protocols    conf.Slot[int] // of tlsconf.Protocols
	Ciphers      string
	Trusted, CRL string // files
	Depth        int    // verify_depth
	Passwords    [][]byte
	Cache        *tlsconf.CertificateCache // of certificates named by variables
	Commands     conf.List[Command]
}

// Defaults are nginx's, but for the list of ciphers, which differs.
func Defaults(ciphers string) Settings {
	return Settings{Protocols: conf.Slot[int]{V: int(tlsconf.DefaultProtocols)}, Ciphers: ciphers, Depth: 1}
}

var protocolWords = []conf.Choice{
	{Word: "SSLv2", Value: int(tlsconf.SSLv2)},
	{Word: "SSLv3", Value: int(tlsconf.SSLv3)},
	{Word: "TLSv1", Value: int(tlsconf.TLSv1)},
	{Word: "TLSv1.1", Value: int(tlsconf.TLSv11)},
	{Word: "TLSv1.2", Value: int(tlsconf.TLSv12)},
	{Word: "TLSv1.3", Value: int(tlsconf.TLSv13)},
}

// Bind binds the directives under a prefix such as "ssl_" or "proxy_ssl_".
func (s *Settings) Bind(t *conf.Table, prefix string) {
	t.Bitmask(prefix+"protocols", &s.Protocols, protocolWords)
	t.Str(prefix+"ciphers", &s.Ciphers)
	t.Str(prefix+"trusted_certificate", &s.Trusted)
	t.Str(prefix+"crl", &s.CRL)
	t.Num(prefix+"verify_depth", &s.Depth)
	t.Func(prefix+"password_file", func(c *conf.Cmd) error { return s.setPasswords(c) })
	t.Func(prefix+"certificate_cache", func(c *conf.Cmd) error { return s.setCache(c) })
	t.Func(prefix+"conf_command", func(c *conf.Cmd) error {
		s.Commands.Add(c.Block, Command{c.Arg(0), c.Arg(1)})
		return nil
	})
}

// Same reports whether o has the same values, of which a block inherited one of
// the two from the other.
func (s *Settings) Same(o *Settings) bool {
	return s.Protocols == o.Protocols && s.Ciphers == o.Ciphers && s.Trusted == o.Trusted && s.CRL == o.CRL &&
		s.Depth == o.Depth && s.Cache == o.Cache &&
		sameList(s.Passwords, o.Passwords) && sameList(s.Commands.Items, o.Commands.Items)
}

// sameList reports whether a and b are one list, not whether they are equal.
func sameList[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

func (s *Settings) setPasswords(c *conf.Cmd) error {
	list, err := tlsconf.ReadPasswords(c.Loader.Inputs.ReadFile, c.Loader.ConfFile(c.Arg(0)))
	if err != nil {
		return c.Errorf("%s", err.Error())
	}
	s.Passwords = list
	return nil
}

func (s *Settings) setCache(c *conf.Cmd) error {
	limit, inactive, valid, off := 0, int64(10), int64(60), false
	for i := range c.Args {
		arg := c.Arg(i)
		name, value, _ := strings.Cut(arg, "=")
		ok := false
		switch {
		case arg == "off":
			off, ok = true, true
		case name == "max":
			limit, ok = conf.ParseInt(value)
			ok = ok && limit > 0
		case name == "inactive":
			inactive, ok = conf.ParseSec(value)
		case name == "valid":
			valid, ok = conf.ParseSec(value)
		}
		if !ok {
			return c.Errorf(`invalid parameter "%s"`, arg)
		}
	}
	s.Cache = nil
	switch {
	case off:
	case limit == 0:
		return c.Errorf(`"%s" must have the "max" parameter`, c.Name.Value)
	default:
		s.Cache = &tlsconf.CertificateCache{
			Max: limit, Inactive: time.Duration(inactive) * time.Second, Valid: time.Duration(valid) * time.Second,
		}
	}
	return nil
}
