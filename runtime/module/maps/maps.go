package maps

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Module is ngx_http_map_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_map_module", Register: register}
}

func register(*httpd.Builder, *conf.Module) {}
