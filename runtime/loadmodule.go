package runtime

import (
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// loadable are nginx's dynamic modules and the directive that tells whether
// this program has the same built in.
var loadable = map[string]struct{ directive, module string }{
	"ngx_http_geoip_module":        {"geoip_country", "ngx_http_geoip_module"},
	"ngx_http_image_filter_module": {"image_filter", "ngx_http_image_filter_module"},
	"ngx_http_perl_module":         {"perl", "ngx_http_perl_module"},
	"ngx_http_xslt_filter_module":  {"xslt_stylesheet", "ngx_http_xslt_module"},
	"ngx_mail_module":              {"mail", "ngx_mail_core_module"},
	"ngx_stream_module":            {"stream", "ngx_stream_core_module"},
	"ngx_stream_geoip_module":      {"geoip_country", "ngx_stream_geoip_module"},
}

// loadModule accepts a module whose work this program does by itself, so that
// configurations of distributions load; there is nothing to load it into.
// Others are refused by name: as not there, as nginx does, or else as what
// they are here.
func (c *MainConf) loadModule(cmd *conf.Cmd) error {
	if c.events {
		return cmd.Bad("is specified too late")
	}
	name := strings.TrimSuffix(path.Base(cmd.Arg(0)), ".so")
	if m, ok := loadable[name]; ok {
		if s := conf.Find(m.directive, m.module); s == nil || cmd.Loader.Support(s) != conf.Supported {
			return cmd.Errorf(`"%s" is known to nginx but not supported here`, name)
		}
		if slices.Contains(c.modules, name) {
			return cmd.Errorf(`module "%s" is already loaded`, name)
		}
		c.modules = append(c.modules[:len(c.modules):len(c.modules)], name)
		return nil
	}
	file := cmd.Loader.FullPath(cmd.Arg(0))
	if _, err := os.Stat(file); err != nil {
		return cmd.Errorf(`dlopen() "%s" failed (%s: cannot open shared object file: No such file or directory)`, file, file)
	}
	return cmd.Errorf(`module "%s" is not binary compatible: modules are built in here, and this is none of them`, file)
}
