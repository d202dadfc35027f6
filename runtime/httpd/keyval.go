package httpd

import "github.com/sluiceproxy/sluice/runtime/zone/pairs"

type keyvalKey struct{}

// KeyvalZones are the zones of keyval_zone, which the keyval module declares and
// the api module changes.
func (b *Builder) KeyvalZones() *pairs.Zones {
	return b.Shared(keyvalKey{}, func() any { return pairs.NewZones("ngx_http_keyval_module") }).(*pairs.Zones)
}
