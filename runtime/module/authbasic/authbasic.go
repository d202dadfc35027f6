package authbasic

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Module is ngx_http_auth_basic_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_auth_basic_module", Register: register}
}

func register(*httpd.Builder, *conf.Module) {}
