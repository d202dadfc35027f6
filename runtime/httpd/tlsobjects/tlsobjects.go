// Package tlsobjects has the certificates, keys and revocation lists of one
// configuration, which servers (ssl_*) and gateways (proxy_ssl_*) load once.
package tlsobjects

import (
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

type key struct{}

// Of returns what the objects of a configuration are loaded through.
func Of(b *httpd.Builder) *tlsconf.Objects {
	o, _ := b.Shared(key{}, func() any { return &tlsconf.Objects{Read: b.Loader.Inputs.ReadFile} }).(*tlsconf.Objects)
	return o
}
