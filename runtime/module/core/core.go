package core

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Module returns the module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_core_module", Register: func(b *httpd.Builder, m *conf.Module) {
		httpd.Register(b, m)
		addHints(m)
		defineVars(b)
		addTryFiles(b, m)
	}}
}
