package acme

import (
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
	"github.com/sluiceproxy/sluice/runtime/httpd/tlsobjects"
	"github.com/sluiceproxy/sluice/runtime/resolver"
)

// issuer is an acme_issuer block while it is loaded.
type issuer struct {
	*acme.Issuer
	cmd     *conf.Cmd // it opens; nil: built in
	trusted string
	// challenge is the directive of that name, for dns-01, which needs an acme_hook.
	challenge *conf.Node
	given     []string // directives that were there
}

// addIssuer opens an acme_issuer block.
func (x *module) addIssuer(c *conf.Cmd) error {
	for _, i := range x.issuers {
		if i.Name == c.Arg(0) {
			return c.Bad("is duplicate")
		}
	}
	i := newIssuer(strings.Clone(c.Arg(0)))
	i.cmd = c
	x.issuers = append(x.issuers, i)
	block := c.Block.Child(conf.ACMEIssuer, c.Node)
	x.own.Write(block).issuer = i
	c.Enter(block)
	return nil
}

func newIssuer(name string) *issuer {
	return &issuer{Issuer: &acme.Issuer{Name: name, AccountKey: acme.DefaultKey(), Challenge: acme.HTTP01, Verify: true}}
}

// builtIn is the issuer that exists without a block: Let's Encrypt, to whose terms of service agrees
// who names it. nil for any other name.
func (x *module) builtIn(name string) *issuer {
	if name != "letsencrypt" {
		return nil
	}
	i := newIssuer(name)
	i.URI, i.AgreeTerms = "https://acme-v02.api.letsencrypt.org/directory", true
	i.StatePath = x.defaultPath(name)
	x.issuers = append(x.issuers, i)
	x.wants(i)
	return i
}

// defaultPath is the state_path of an issuer that names none.
func (x *module) defaultPath(name string) string {
	return filepath.Clean(x.b.Loader.FullPath(x.b.Loader.Layout.ACMEState + name))
}

// wants puts an issuer that is complete into the plan.
func (x *module) wants(i *issuer) {
	if r, timeout := x.b.Core(x.b.HTTPBlock()).Resolver(); r != nil {
		i.Resolver = &resolver.Config{Servers: r.Servers, Valid: r.Valid, IPv4: r.IPv4, IPv6: r.IPv6}
		i.ResolverTimeout = max(timeout, time.Second)
	}
	if x.b.Env.Wanted != nil {
		x.b.Env.Wanted.Issuers = append(x.b.Env.Wanted.Issuers, i.Issuer)
	}
}

// bindIssuer binds the directives inside.
func (x *module) bindIssuer(m *conf.Module) {
	of := func(c *conf.Cmd) *issuer { return x.own.Of(c.Block).issuer }
	m.Directive("uri", func(c *conf.Cmd) error { return of(c).setURI(c) }) // the last one counts, as in nginx
	m.Directive("contact", func(c *conf.Cmd) error { return of(c).addContact(c) })
	directive := func(name string, set func(i *issuer, c *conf.Cmd) error) {
		m.Directive(name, func(c *conf.Cmd) error {
			i := of(c)
			if slices.Contains(i.given, name) {
				return c.Bad("is duplicate")
			}
			i.given = append(i.given, name)
			return set(i, c)
		})
	}
	directive("account_key", (*issuer).setAccountKey)
	directive("challenge", (*issuer).setChallenge)
	directive("external_account_key", (*issuer).setExternalAccount)
	directive("profile", (*issuer).setProfile)
	directive("state_path", (*issuer).setStatePath)
	directive("common_name_in_csr", func(i *issuer, c *conf.Cmd) (err error) {
		i.CommonName, err = c.Flag()
		return err
	})
	directive("ssl_verify", func(i *issuer, c *conf.Cmd) (err error) {
		i.Verify, err = c.Flag()
		return err
	})
	directive("preferred_chain", func(i *issuer, c *conf.Cmd) error {
		i.Chain = strings.Clone(c.Arg(0))
		return valid(c, i.Chain)
	})
	directive("ssl_trusted_certificate", func(i *issuer, c *conf.Cmd) error {
		i.trusted = strings.Clone(c.Arg(0))
		return nil
	})
	directive("accept_terms_of_service", func(i *issuer, _ *conf.Cmd) error {
		i.AgreeTerms = true
		return nil
	})
}

// valid refuses what is no text in UTF-8.
func valid(c *conf.Cmd, text string) error {
	if !utf8.ValidString(text) {
		return c.Bad("invalid value")
	}
	return nil
}

func (i *issuer) setURI(c *conf.Cmd) error {
	text := strings.Clone(c.Arg(0))
	if !utf8.ValidString(text) {
		return c.Bad("contains invalid UTF-8 sequence")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host != "" && u.Scheme != "https" && u.Scheme != "http" {
		return c.Bad("invalid value")
	}
	if u.Host != "" {
		i.URI = text
	}
	return nil
}

func (i *issuer) setAccountKey(c *conf.Cmd) error {
	key, err := acme.ParseKey(strings.Clone(c.Arg(0)))
	if err != nil {
		return c.Errorf("account_key: %s", err.Error())
	}
	if key.File != "" {
		key.File = c.Loader.ConfFile(key.File)
		c.Loader.AfterSyntax(func() error {
			text, err := conf.Files{}.ReadFile(key.File)
			if err == nil {
				_, err = acme.ParseAccountKey(text)
			}
			if err != nil {
				return conf.Unlocated("acme_issuer: cannot load account key: " + fileError(err) + c.At())
			}
			return nil
		})
	}
	i.AccountKey = key
	return nil
}

func (i *issuer) setChallenge(c *conf.Cmd) error {
	switch c.Arg(0) {
	case "http", acme.HTTP01:
		i.Challenge = acme.HTTP01
	case "tls-alpn", acme.TLSALPN01:
		i.Challenge = acme.TLSALPN01
	case "dns", acme.DNS01:
		i.Challenge, i.challenge = acme.DNS01, c.Node
	default:
		return c.Errorf("unsupported challenge: %s", c.Arg(0))
	}
	return nil
}

// addContact reads contact, of which there may be several.
func (i *issuer) addContact(c *conf.Cmd) error {
	text := strings.Clone(c.Arg(0))
	if text == "" {
		return c.Bad("invalid value")
	}
	if !hasScheme(text) {
		text = "mailto:" + text
	}
	i.Contacts = append(i.Contacts, text)
	return valid(c, text)
}

// hasScheme reports whether text begins with the scheme of a URI (RFC 3986, 3.1).
func hasScheme(text string) bool {
	scheme, _, ok := strings.Cut(text, ":")
	letter := func(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
	return ok && scheme != "" && letter(scheme[0]) && !slices.ContainsFunc([]byte(scheme), func(c byte) bool {
		return !letter(c) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.'
	})
}

func (i *issuer) setExternalAccount(c *conf.Cmd) error {
	if c.Arg(0) == "" || c.Arg(1) == "" {
		return c.Bad("invalid value")
	}
	e := &acme.ExternalAccount{ID: strings.Clone(c.Arg(0))}
	if err := valid(c, e.ID); err != nil {
		return err
	}
	i.EAB = e
	if data, ok := strings.CutPrefix(c.Arg(1), "data:"); ok {
		e.Data = strings.Clone(data)
		if _, err := e.Key(nil); err != nil {
			return c.Bad(err.Error())
		}
		return nil
	}
	e.File = c.Loader.ConfFile(strings.Clone(c.Arg(1)))
	c.Loader.AfterSyntax(func() error {
		switch _, err := e.Key(conf.Files{}.ReadFile); {
		case errors.Is(err, acme.ErrEncoding):
			return conf.Unlocated(`"external_account_key" directive ` + err.Error() + c.At())
		case err != nil:
			return conf.Unlocated("external_account_key: " + fileError(err) + c.At())
		}
		return nil
	})
	return nil
}

// fileError is why a file could not be read, in nginx's form.
func fileError(err error) string {
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return errno.Failed(failed.Op+"()", failed.Path, failed.Err).Error()
	}
	return err.Error()
}

func (i *issuer) setProfile(c *conf.Cmd) error {
	i.Profile = acme.Profile{Name: strings.Clone(c.Arg(0)), Required: c.Arg(1) == "require"}
	if len(c.Args) > 1 && !i.Profile.Required {
		return c.Bad("invalid value")
	}
	return valid(c, i.Profile.Name)
}

// setStatePath reads state_path. An issuer has its folder for itself: the account of one would be
// that of the other.
func (i *issuer) setStatePath(c *conf.Cmd) error {
	if c.Arg(0) == "off" {
		return nil
	}
	i.StatePath = filepath.Clean(c.Loader.FullPath(c.Arg(0)))
	return c.UsePath(i.StatePath, [3]int{}, true)
}

// completeIssuers completes the issuers when all of the file is set, and puts them into the
// plan.
func (x *module) completeIssuers() error {
	if err := x.checkHooks(); err != nil {
		return err
	}
	for _, i := range x.issuers {
		if i.URI == "" {
			i.cmd.EndErr("%s", `acme_issuer: "uri" is missing`)
			continue
		}
		if !slices.Contains(i.given, "state_path") {
			i.StatePath = x.defaultPath(i.Name)
			if err := i.cmd.UsePath(i.StatePath, [3]int{}, true); err != nil {
				i.cmd.EndErr("%s", err.Error())
			}
		}
		if i.trusted != "" && i.Verify {
			list, err := tlsobjects.Of(x.b).CA(x.b.Loader.ConfFile(i.trusted))
			if err != nil {
				i.cmd.EndErr("%s", err.Error())
			}
			for _, cert := range list {
				i.Roots = append(i.Roots, cert.Raw)
			}
		}
		x.wants(i)
	}
	return nil
}
