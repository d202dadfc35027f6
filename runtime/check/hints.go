package check

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// knownHints are what to do about messages that do not say it, by a part of the
// message.
var knownHints = []struct{ part, hint string }{
	{`no "events" section`, "add a line: events {}; a file that others include is checked with the main one, which includes it"},
	{`no "ssl_certificate" is defined`, `give the server ssl_certificate and ssl_certificate_key, or take "ssl" out of listen`},
	{`no "ssl_certificate_key" is defined`, "ssl_certificate needs the private key beside it"},
	{"host not found in upstream", "the name has to resolve when the configuration is read; a name in a variable is looked up " +
		"for each request, by the servers of the resolver directive"},
	{"cannot load certificate", "the file has to be there, readable, and hold the certificate in PEM form"},
	{"cannot have URI part in location given by regular expression", "leave out what follows the host in proxy_pass, or put " +
		"variables there; a rewrite ... break before it can change the URI"},
	{"conflicting server name", "the server that comes first answers for the name; this one is never chosen for it"},
	{"duplicate location", "only one location of a server can have this name; put the two together"},
	{`invalid host in upstream "scgi://`, "scgi_pass takes the address alone, without scgi:// in front"},
	{`invalid host in upstream "memcached://`, "memcached_pass takes the address alone, without memcached:// in front"},
	{`invalid host in upstream "http`, "the address begins as that of another protocol: grpc_pass takes grpc:// or grpcs://, " +
		"uwsgi_pass uwsgi:// or suwsgi://, the others the address alone"},
	{"worker_connections are not enough", "raise worker_connections in events"},
	{"directive makes sense only if the master process runs with super-user", "harmless when the server is not started by root"},
	{"unknown log format", "define it with log_format in http, before it is used"},
	{"zero size shared memory zone", "the zone is used and never given a size: the *_zone directive in http is missing, or its name is another"},
	{"duplicate listen options", "options of a socket (backlog, reuseport, ...) belong to one listen directive per address"},
	{"a duplicate default server", "only one server for an address can be its default_server"},
	{"a duplicate listen", "the server listens on this address already"},
	{`unexpected ";"`, `there is nothing before this ";"`},
	{"unexpected \"}\"", `a ";" is missing before it, or there is one "}" too many`},
	{"unexpected \"{\"", "there is no directive before it"},
	{"too long parameter", "a word has at most 4095 bytes; most likely a quote before it is not closed"},
	{"(24: Too many open files)", "the file includes itself, or includes are nested too deeply"},
	{"(21: Is a directory)", "to include all files of a folder, put /* behind its name"},
	{"(13: Permission denied)", "the user who runs this may not read it"},
	{"dlopen() ", "nothing is loaded while the program runs: what there is is built in, and this is not"},
	{"resolver is required", "add a resolver directive with the address of a DNS server"},
	{"no resolver defined", "add a resolver directive with the address of a DNS server"},
}

func hintFor(msg string) string {
	for _, h := range knownHints {
		if strings.Contains(msg, h.part) {
			return h.hint
		}
	}
	return ""
}

// thirdParty are modules that nginx itself does not have, by how the names of
// their directives begin.
var thirdParty = []struct{ prefix, module, instead string }{
	{"more_", "headers-more", "add_header, proxy_hide_header and proxy_set_header do most of it"},
	{"brotli", "ngx_brotli", "gzip and gzip_static serve every client"},
	{"zstd", "zstd-nginx-module", "gzip and gzip_static serve every client"},
	{"lua_", "lua-nginx-module (OpenResty)", ""},
	{"init_by_lua", "lua-nginx-module (OpenResty)", ""},
	{"init_worker_by_lua", "lua-nginx-module (OpenResty)", ""},
	{"set_by_lua", "lua-nginx-module (OpenResty)", "map may do"},
	{"rewrite_by_lua", "lua-nginx-module (OpenResty)", ""},
	{"access_by_lua", "lua-nginx-module (OpenResty)", "auth_request may do"},
	{"content_by_lua", "lua-nginx-module (OpenResty)", ""},
	{"header_filter_by_lua", "lua-nginx-module (OpenResty)", "add_header and map may do"},
	{"body_filter_by_lua", "lua-nginx-module (OpenResty)", ""},
	{"log_by_lua", "lua-nginx-module (OpenResty)", ""},
	{"balancer_by_lua", "lua-nginx-module (OpenResty)", ""},
	{"ssl_certificate_by_lua", "lua-nginx-module (OpenResty)", ""},
	{"echo", "echo-nginx-module", "return 200 \"text\" does most of it"},
	{"modsecurity", "ModSecurity-nginx", ""},
	{"vhost_traffic_status", "nginx-module-vts", "stub_status counts connections and requests"},
	{"pagespeed", "ngx_pagespeed", ""},
	{"passenger", "Phusion Passenger", "run the application by itself and use proxy_pass"},
	{"fancyindex", "ngx-fancyindex", "autoindex does most of it"},
	{"dav_ext_", "nginx-dav-ext-module", ""},
	{"subs_filter", "ngx_http_substitutions_filter_module", "sub_filter does most of it"},
	{"geoip2", "ngx_http_geoip2_module", "geo and map do it with the data in a file"},
	{"proxy_cache_purge", "ngx_cache_purge", ""},
	{"fastcgi_cache_purge", "ngx_cache_purge", ""},
	{"nchan_", "nchan", ""},
	{"push_stream_", "nginx-push-stream-module", ""},
	{"rtmp", "nginx-rtmp-module", ""},
	{"auth_ldap", "nginx-auth-ldap", "auth_request does it with a service beside it"},
	{"auth_pam", "ngx_http_auth_pam_module", "auth_request does it with a service beside it"},
	{"upload_", "nginx-upload-module", ""},
	{"set_escape_uri", "set-misc-nginx-module", ""},
	{"set_unescape_uri", "set-misc-nginx-module", ""},
	{"uwsgi_cache_purge", "ngx_cache_purge", ""},
}

// enums are the words of directives that read them by themselves.
var enums = map[string]string{
	"satisfy":            "all any",
	"proxy_http_version": "1.0 1.1 2",
	"error_log":          "debug info notice warn error crit alert emerg",
	"rewrite":            "last break redirect permanent",
	"disable_symlinks":   "on off if_not_owner",
	"use":                "epoll poll select kqueue",
}

// gone are directives that nginx has dropped, with what took their place.
var gone = map[string]string{
	"ssl":                    "write it behind the address: listen 443 ssl;",
	"limit_zone":             "limit_conn_zone took its place",
	"spdy_headers_comp":      "http2 took its place",
	"spdy_chunk_size":        "http2 took its place",
	"optimize_server_names":  "server_name_in_redirect took its place",
	"open_file_cache_retest": "open_file_cache_valid took its place",
	"satisfy_any":            "satisfy took its place",
	"so_keepalive":           "write it behind the address: listen 80 so_keepalive=on;",
	"imap":                   "mail took its place",
}

// unknownHint returns the hint for a directive that nginx does not have.
func (c *checker) unknownHint(name string, suggestions []string) string {
	if what, ok := gone[name]; ok {
		return "nginx has dropped it; " + what
	}
	for _, t := range thirdParty {
		if strings.HasPrefix(name, t.prefix) {
			hint := "a directive of the module " + t.module + ", which is not part of nginx or of this program"
			if t.instead != "" {
				hint += "; " + t.instead
			}
			return hint
		}
	}
	if len(suggestions) > 0 {
		return ""
	}
	var all []string
	for _, s := range c.in.Loader.Specs() {
		all = append(all, s.Name)
	}
	for _, near := range Nearest(name, all) {
		return `"` + near + `" is allowed in ` + strings.Join(c.contexts(near), ", ") + ", not here"
	}
	return ""
}

// misplaced says where to put a directive that stands in the wrong block.
func (c *checker) misplaced(in conf.Context, allowed []string) string {
	switch {
	case in == conf.ServerIf:
		return "an if in a server takes only " + strings.Join(c.legal(in), ", ")
	case in == conf.LocationIf && slices.Contains(allowed, "location"):
		return "not everything that a location takes may stand in an if; a map, or a location of its own, often does it"
	case in == conf.Main && slices.Contains(allowed, "http"):
		return `it belongs inside of "http { ... }"`
	case in == conf.Main && slices.Contains(allowed, "server"):
		return `it belongs inside of "http { server { ... } }"`
	case in == conf.Main && slices.Contains(allowed, "events"):
		return `it belongs inside of "events { ... }"`
	case in == conf.Location && !slices.Contains(allowed, "location") && slices.Contains(allowed, "server"):
		return "move it out of the location; it holds for the whole server"
	case in&(conf.Server|conf.Location) != 0 && slices.Equal(allowed, []string{"http"}):
		return "move it out of the server; it holds for all of http"
	}
	return ""
}

// unsupported says what it is that this program does not have.
func unsupported(name string, spec *conf.Spec) string {
	switch {
	case spec == nil:
		return "see docs/directives.md for what is supported"
	case spec.Plus:
		return name + " belongs to the commercial nginx (" + spec.Module + ")"
	}
	return "it is part of " + spec.Module + " and missing in this build; see docs/directives.md"
}

// defaultHint tells what holds without a directive.
func defaultHint(s *conf.Spec) string {
	if s.Default == "" || s.Default == "-" || s.Block {
		return ""
	}
	return "the default is: " + s.Name + " " + s.Default + ";"
}
