package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/zone"
	"github.com/sluiceproxy/sluice/runtime/zone/pairs"
)

type (
	keyvalKey   struct{}
	registryKey struct{}
)

// KeyvalZones are the zones of keyval_zone, which the keyval module declares and
// the api module changes.
func (b *Builder) KeyvalZones() *pairs.Zones {
	return b.Shared(keyvalKey{}, func() any { return pairs.NewZones("ngx_http_keyval_module") }).(*pairs.Zones)
}

// Zones are the zones of the configuration, which the api module shows.
func (b *Builder) Zones() *zone.Registry {
	return b.Shared(registryKey{}, func() any { return new(zone.Registry) }).(*zone.Registry)
}
