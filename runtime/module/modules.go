// Package module holds the ordered list of modules. The order decides which of
// several hooks of a phase, header filters or body filters comes first: it is the
// order in which nginx runs them, the reverse of its build order.
package module

import (
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/access"
	"github.com/sluiceproxy/sluice/runtime/module/acme"
	"github.com/sluiceproxy/sluice/runtime/module/addition"
	"github.com/sluiceproxy/sluice/runtime/module/api"
	"github.com/sluiceproxy/sluice/runtime/module/authbasic"
	"github.com/sluiceproxy/sluice/runtime/module/authrequest"
	"github.com/sluiceproxy/sluice/runtime/module/autoindex"
	"github.com/sluiceproxy/sluice/runtime/module/charset"
	"github.com/sluiceproxy/sluice/runtime/module/core"
	"github.com/sluiceproxy/sluice/runtime/module/dav"
	"github.com/sluiceproxy/sluice/runtime/module/emptygif"
	"github.com/sluiceproxy/sluice/runtime/module/fastcgi"
	"github.com/sluiceproxy/sluice/runtime/module/geo"
	"github.com/sluiceproxy/sluice/runtime/module/grpc"
	"github.com/sluiceproxy/sluice/runtime/module/gunzip"
	"github.com/sluiceproxy/sluice/runtime/module/gzip"
	"github.com/sluiceproxy/sluice/runtime/module/gzipstatic"
	"github.com/sluiceproxy/sluice/runtime/module/headers"
	"github.com/sluiceproxy/sluice/runtime/module/healthcheck"
	"github.com/sluiceproxy/sluice/runtime/module/http2"
	"github.com/sluiceproxy/sluice/runtime/module/index"
	"github.com/sluiceproxy/sluice/runtime/module/keyval"
	"github.com/sluiceproxy/sluice/runtime/module/limitconn"
	"github.com/sluiceproxy/sluice/runtime/module/limitreq"
	"github.com/sluiceproxy/sluice/runtime/module/log"
	"github.com/sluiceproxy/sluice/runtime/module/maps"
	"github.com/sluiceproxy/sluice/runtime/module/memcached"
	"github.com/sluiceproxy/sluice/runtime/module/mirror"
	"github.com/sluiceproxy/sluice/runtime/module/notmodified"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/randomindex"
	"github.com/sluiceproxy/sluice/runtime/module/ranges"
	"github.com/sluiceproxy/sluice/runtime/module/realip"
	"github.com/sluiceproxy/sluice/runtime/module/referer"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
	"github.com/sluiceproxy/sluice/runtime/module/scgi"
	"github.com/sluiceproxy/sluice/runtime/module/securelink"
	"github.com/sluiceproxy/sluice/runtime/module/slice"
	"github.com/sluiceproxy/sluice/runtime/module/splitclients"
	"github.com/sluiceproxy/sluice/runtime/module/ssi"
	"github.com/sluiceproxy/sluice/runtime/module/ssl"
	"github.com/sluiceproxy/sluice/runtime/module/static"
	"github.com/sluiceproxy/sluice/runtime/module/stubstatus"
	"github.com/sluiceproxy/sluice/runtime/module/sub"
	"github.com/sluiceproxy/sluice/runtime/module/tunnel"
	"github.com/sluiceproxy/sluice/runtime/module/userid"
	"github.com/sluiceproxy/sluice/runtime/module/uwsgi"
)

// HTTP returns the http modules. The kernel comes first because the others
// build on its blocks.
func HTTP() []httpd.Module {
	return []httpd.Module{
		core.Module(),
		pass.Module(),
		slice.Module(),
		notmodified.Module(),
		ranges.BodyModule(),
		httpd.CopyFilter(),
		headers.Module(),
		userid.Module(),
		gunzip.Module(),
		addition.Module(),
		sub.Module(),
		charset.Module(),
		ssi.Module(),
		httpd.PostponeFilter(),
		gzip.Module(),
		ranges.Module(),
		http2.Module(),
		stubstatus.Module(),
		api.Module(),
		securelink.Module(),
		emptygif.Module(),
		tunnel.Module(),
		memcached.Module(),
		grpc.Module(),
		scgi.Module(),
		uwsgi.Module(),
		fastcgi.Module(),
		proxy.Module(),
		healthcheck.Module(),
		acme.Module(), // before ssl, which takes the certificates of its servers
		ssl.Module(),
		rewrite.Module(),
		referer.Module(),
		splitclients.Module(),
		maps.Module(),
		keyval.Module(),
		geo.Module(),
		realip.Module(),
		limitreq.Module(),
		limitconn.Module(),
		access.Module(),
		authbasic.Module(),
		authrequest.Module(),
		mirror.Module(),
		randomindex.Module(),
		index.Module(),
		autoindex.Module(),
		dav.Module(),
		gzipstatic.Module(),
		static.Module(),
		log.Module(),
	}
}
