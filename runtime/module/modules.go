// Package module holds the ordered list of modules. The order is nginx's: it
// decides which of several hooks of a phase, or filters, comes first.
package module

import (
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/static"
)

// HTTP returns the http modules. Phase hooks and header filters run in this
// order; the list is therefore nginx's handler order, with the filters in the
// order in which they see a response.
func HTTP() []httpd.Module {
	return []httpd.Module{
		{Name: "ngx_http_core_module", Register: httpd.Register},
		static.Module(),
	}
}
