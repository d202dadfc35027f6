package ssl

import (
	"crypto/tls"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/tlsobjects"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// keepObjects is how long a certificate that no configuration names any more is
// remembered.
const keepObjects = 24 * time.Hour

// objects returns what the configuration's certificates are loaded through.
// They outlive it where ssl_object_cache_inheritable says so.
func (x *module) objects() *tlsconf.Objects {
	o := tlsobjects.Of(x.b)
	if o.Inherited == nil && x.b.Loader.Live() && x.inherit.Of(x.b.Loader.Main).on {
		o.Inherited = certificateCaches.Take(x.b.Env.Resources, "http", func() *tlsconf.CertificateCache {
			return &tlsconf.CertificateCache{Max: math.MaxInt, Inactive: keepObjects}
		})
	}
	return o
}

// load loads a certificate as the directives name it.
func (x *module) load(cert, key string, passwords [][]byte) (*tls.Certificate, error) {
	name := tlsconf.CertificateName(cert, x.b.Loader.ConfFile)
	c, err := x.objects().Certificate(name, tlsconf.KeyName(key, x.b.Loader.ConfFile), passwords)
	if err == nil {
		x.names[c.Leaf] = name
	}
	return c, err
}

// static loads the certificates of c.
func (x *module) static(c *settings) ([]*tls.Certificate, error) {
	var list []*tls.Certificate
	for i, name := range c.certificates.Items {
		cert, err := x.load(name, c.keys.Items[i], c.Passwords)
		if err != nil {
			return nil, err
		}
		list = append(list, cert)
	}
	return list, nil
}

// hasVariables reports whether a certificate or key of c depends on the
// connection.
func (c *settings) hasVariables() bool {
	for i, name := range c.certificates.Items {
		if strings.ContainsRune(name, '$') || strings.ContainsRune(c.keys.Items[i], '$') {
			return true
		}
	}
	return false
}

// issuedOnly reports whether the certificate of c is that of acme_certificate, as it is.
func (c *settings) issuedOnly() bool {
	return slices.Equal(c.certificates.Items, []string{"$acme_certificate"}) &&
		slices.Equal(c.keys.Items, []string{"$acme_certificate_key"})
}

// dynamic are certificates whose names have variables. They are loaded in
// every handshake, through the cache if there is one.
type dynamic struct {
	loader    *conf.Loader
	names     [][2]*script.Value
	passwords [][]byte
	cache     *tlsconf.CertificateCache
}

func (x *module) dynamic(c *settings) (*dynamic, error) {
	d := &dynamic{loader: x.b.Loader, passwords: c.Passwords, cache: c.Cache}
	for i, name := range c.certificates.Items {
		cert, err := x.b.Vars.Compile(name)
		if err != nil {
			return nil, err
		}
		key, err := x.b.Vars.Compile(c.keys.Items[i])
		if err != nil {
			return nil, err
		}
		d.names = append(d.names, [2]*script.Value{cert, key})
	}
	return d, nil
}

// get is a tls.Config.GetCertificate.
func (d *dynamic) get(hello *tls.ClientHelloInfo) (cert *tls.Certificate, err error) {
	conn := front.Handshaking(hello)
	if conn == nil {
		return nil, loadError("no connection")
	}
	httpd.Evaluate(conn, func(r *httpd.Request) {
		var list []*tls.Certificate
		for _, names := range d.names {
			one, failed := d.load(string(names[0].Eval(r)), string(names[1].Eval(r)))
			if failed != nil {
				conn.Logf(errlog.Error, nil, "%s", failed.Error())
				err = failed
				return
			}
			list = append(list, one)
		}
		cert, err = tlsconf.NewKeyring(tlsconf.Arrange(list)).Get(hello)
	})
	return cert, err
}

func (d *dynamic) load(cert, key string) (*tls.Certificate, error) {
	cert, key = tlsconf.CertificateName(cert, d.loader.ConfFile), tlsconf.KeyName(key, d.loader.ConfFile)
	if d.cache != nil {
		return d.cache.Load(cert, key, d.passwords, time.Now())
	}
	return tlsconf.LoadCertificate(cert, key, d.passwords)
}
