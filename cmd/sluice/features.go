package main

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// feature ties an argument of nginx's configure script to the directive that tells whether this program has what the
// argument stands for.
type feature struct {
	argument  string
	directive string
	module    string // that the directive belongs to
}

// optional are the modules that nginx is built without unless told otherwise.
var optional = []feature{
	{"--with-debug", "debug_connection", "ngx_core_module"},
	{"--with-http_ssl_module", "ssl_certificate", "ngx_http_ssl_module"},
	{"--with-http_v2_module", "http2", "ngx_http_v2_module"},
	{"--with-http_v3_module", "http3", "ngx_http_v3_module"},
	{"--with-http_realip_module", "set_real_ip_from", "ngx_http_realip_module"},
	{"--with-http_addition_module", "add_after_body", "ngx_http_addition_module"},
	{"--with-http_xslt_module", "xslt_stylesheet", "ngx_http_xslt_module"},
	{"--with-http_image_filter_module", "image_filter", "ngx_http_image_filter_module"},
	{"--with-http_geoip_module", "geoip_country", "ngx_http_geoip_module"},
	{"--with-http_sub_module", "sub_filter", "ngx_http_sub_module"},
	{"--with-http_dav_module", "dav_methods", "ngx_http_dav_module"},
	{"--with-http_flv_module", "flv", "ngx_http_flv_module"},
	{"--with-http_mp4_module", "mp4", "ngx_http_mp4_module"},
	{"--with-http_gunzip_module", "gunzip", "ngx_http_gunzip_module"},
	{"--with-http_gzip_static_module", "gzip_static", "ngx_http_gzip_static_module"},
	{"--with-http_auth_request_module", "auth_request", "ngx_http_auth_request_module"},
	{"--with-http_random_index_module", "random_index", "ngx_http_random_index_module"},
	{"--with-http_secure_link_module", "secure_link", "ngx_http_secure_link_module"},
	{"--with-http_slice_module", "slice", "ngx_http_slice_module"},
	{"--with-http_slice_module", "slice", "ngx_http_slice_module"},
	{"--with-http_stub_status_module", "stub_status", "ngx_http_stub_status_module"},
	{"--with-http_perl_module", "perl", "ngx_http_perl_module"},
	{"--with-mail", "mail", "ngx_mail_core_module"},
	{"--with-mail_ssl_module", "ssl_certificate", "ngx_mail_ssl_module"},
	{"--with-stream", "stream", "ngx_stream_core_module"},
	{"--with-stream_ssl_module", "ssl_certificate", "ngx_stream_ssl_module"},
	{"--with-stream_realip_module", "set_real_ip_from", "ngx_stream_realip_module"},
	{"--with-stream_geoip_module", "geoip_country", "ngx_stream_geoip_module"},
	{"--with-stream_ssl_preread_module", "ssl_preread", "ngx_stream_ssl_preread_module"},
}

// standard are the modules that nginx has unless told otherwise.
var standard = []feature{
	{"--without-http-cache", "proxy_cache", "ngx_http_proxy_module"},
	{"--without-http_charset_module", "charset", "ngx_http_charset_module"},
	{"--without-http_gzip_module", "gzip", "ngx_http_gzip_module"},
	{"--without-http_ssi_module", "ssi", "ngx_http_ssi_module"},
	{"--without-http_userid_module", "userid", "ngx_http_userid_module"},
	{"--without-http_access_module", "allow", "ngx_http_access_module"},
	{"--without-http_auth_basic_module", "auth_basic", "ngx_http_auth_basic_module"},
	{"--without-http_mirror_module", "mirror", "ngx_http_mirror_module"},
	{"--without-http_autoindex_module", "autoindex", "ngx_http_autoindex_module"},
	{"--without-http_geo_module", "geo", "ngx_http_geo_module"},
	{"--without-http_map_module", "map", "ngx_http_map_module"},
	{"--without-http_split_clients_module", "split_clients", "ngx_http_split_clients_module"},
	{"--without-http_referer_module", "valid_referers", "ngx_http_referer_module"},
	{"--without-http_rewrite_module", "rewrite", "ngx_http_rewrite_module"},
	{"--without-http_proxy_module", "proxy_pass", "ngx_http_proxy_module"},
	{"--without-http_fastcgi_module", "fastcgi_pass", "ngx_http_fastcgi_module"},
	{"--without-http_uwsgi_module", "uwsgi_pass", "ngx_http_uwsgi_module"},
	{"--without-http_scgi_module", "scgi_pass", "ngx_http_scgi_module"},
	{"--without-http_grpc_module", "grpc_pass", "ngx_http_grpc_module"},
	{"--without-http_tunnel_module", "tunnel_pass", "ngx_http_tunnel_module"},
	{"--without-http_memcached_module", "memcached_pass", "ngx_http_memcached_module"},
	{"--without-http_limit_conn_module", "limit_conn", "ngx_http_limit_conn_module"},
	{"--without-http_limit_req_module", "limit_req", "ngx_http_limit_req_module"},
	{"--without-http_empty_gif_module", "empty_gif", "ngx_http_empty_gif_module"},
	{"--without-http_browser_module", "ancient_browser", "ngx_http_browser_module"},
	{"--without-http_upstream_hash_module", "hash", "ngx_http_upstream_module"},
	{"--without-http_upstream_ip_hash_module", "ip_hash", "ngx_http_upstream_module"},
	{"--without-http_upstream_least_conn_module", "least_conn", "ngx_http_upstream_module"},
	{"--without-http_upstream_least_time_module", "least_time", "ngx_http_upstream_module"},
	{"--without-http_upstream_random_module", "random", "ngx_http_upstream_module"},
	{"--without-http_upstream_keepalive_module", "keepalive", "ngx_http_upstream_module"},
	{"--without-http_upstream_zone_module", "zone", "ngx_http_upstream_module"},
	{"--without-http_upstream_sticky_module", "sticky", "ngx_http_upstream_module"},
	{"--without-mail_pop3_module", "pop3_auth", "ngx_mail_pop3_module"},
	{"--without-mail_imap_module", "imap_auth", "ngx_mail_imap_module"},
	{"--without-mail_smtp_module", "smtp_auth", "ngx_mail_smtp_module"},
	{"--without-stream_limit_conn_module", "limit_conn", "ngx_stream_limit_conn_module"},
	{"--without-stream_access_module", "allow", "ngx_stream_access_module"},
	{"--without-stream_geo_module", "geo", "ngx_stream_geo_module"},
	{"--without-stream_map_module", "map", "ngx_stream_map_module"},
	{"--without-stream_split_clients_module", "split_clients", "ngx_stream_split_clients_module"},
	{"--without-stream_return_module", "return", "ngx_stream_return_module"},
	{"--without-stream_pass_module", "pass", "ngx_stream_pass_module"},
	{"--without-stream_set_module", "set", "ngx_stream_set_module"},
	{"--without-stream_upstream_hash_module", "hash", "ngx_stream_upstream_module"},
	{"--without-stream_upstream_least_conn_module", "least_conn", "ngx_stream_upstream_module"},
	{"--without-stream_upstream_least_time_module", "least_time", "ngx_stream_upstream_module"},
	{"--without-stream_upstream_random_module", "random", "ngx_stream_upstream_module"},
	{"--without-stream_upstream_zone_module", "zone", "ngx_stream_upstream_module"},
}

// configureArguments states what l supports in the words of nginx's configure script: modules that nginx leaves out by
// default and are here, then those that it has by default and are missing. Tools and test suites decide by them what a
// server can do.
func configureArguments(l *conf.Loader) []string {
	works := func(f *feature) bool {
		s := conf.Find(f.directive, f.module)
		return s != nil && (l.Support(s) == conf.Supported || l.Support(s) == conf.Partial)
	}
	var args []string
	for i := range optional {
		if works(&optional[i]) {
			args = append(args, optional[i].argument)
		}
	}
	for i := range standard {
		if f := &standard[i]; !works(f) && !partOfMissing(f.argument, args) {
			args = append(args, f.argument)
		}
	}
	return args
}

// partOfMissing reports whether the argument is about a part of stream or mail where the whole is missing already.
func partOfMissing(argument string, args []string) bool {
	for _, whole := range []string{"mail", "stream"} {
		if strings.HasPrefix(argument, "--without-"+whole+"_") {
			return !slices.Contains(args, "--with-"+whole)
		}
	}
	return false
}
