package main

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

// grammar has for each word what it can stand for. <word> in a text is replaced by one of the texts of word, each as likely
// as the next; so a text that shall be likely stands there more than once.
var grammar = map[string][]string{
	// Values with and without variables.
	"val": {
		"x", "plain", `"two words"`, "$uri", "$args", "a$arg_a", "$host", "$http_x_a", "$cookie_c", "$m1", "$m2", "$request_method",
		"$v1", "${v2}b", `""`, "$request_uri", "$remote_addr", "$status", "$server_name", "$is_args", "$content_type", "$content_length",
		"$sent_http_content_type", "$upstream_status", "$document_uri", "$http_host", "$scheme", "$request_body", "$limit_rate",
		"$query_string", "$realpath_root", "$request_filename", "$upstream_http_x_up", "$server_protocol", "$http_range", "$args$m1", "a,b:c", "$upstream_cache_status",
	},
	"code":   {"200", "201", "204", "301", "302", "303", "307", "308", "400", "401", "403", "404", "405", "410", "413", "416", "418", "429", "444", "500", "502", "503", "504"},
	"ecode":  {"400", "401", "403", "404", "404", "404", "405", "412", "413", "414", "416", "429", "500", "502", "503", "504"},
	"type":   {"text/plain", "text/html", "application/json", "image/png", "application/octet-stream", `""`},
	"file":   {"/a.txt", "/b.html", "/dir/c.txt", "/dir/", "/index.html", "/404.html", "/page.shtml", "/none", "/big.txt", "/empty.txt", "/link.txt", "/data.json"},
	"word":   {"a", "b", "dir", "one", "two", "app", "x"},
	"name":   {"X-A", "X-B", "Cache-Control", "X-Long-Name", "Vary", "Link", "x-lower", "Set-Cookie"},
	"size":   {"0", "1", "10", "100", "1k", "8k", "1m"},
	"onoff":  {"on", "off"},
	"always": {"", " always"},
	"re":     {`\.txt$`, `\.(html|txt)$`, `^/dir/(.*)$`, `\.php$`, `^/([a-z]+)/([^/]+)$`, `^/(one|two)`, `/$`, `(?<Cap>[a-z]+)\.css`, `^/app/(.+)$`, `.`, `^/A`, `b`},
	"apath":  {"/", "/x/", "/len", "/chunked", "/sub/path", "", "/echo?q=1", "/404", "$uri", "/$1", "$request_uri"},
	"fixed":  {"/", "/x/", "/len", "/chunked", "/sub/path", "", "", "/echo?q=1", "/404"},

	// What a location does.
	"content": {
		"root html;", "root html;", "root other;", "alias other/;", "alias html/dir/;", "alias html/a.txt;", "", "",
		"return <code>;", "return <code> <val>;", "return 200 <val>;", "return <redirect> <target>;", "return https://$host$request_uri;",
		"try_files $uri <file>;", "try_files $uri $uri/ =<ecode>;", "try_files $uri.html <file> @named;", "try_files /none$uri <file>?a=$args;",
		"<proxy>", "<proxy>", "<proxy>", "<proxy>", "<proxy>",
		"empty_gif;", "autoindex on;", "autoindex on; autoindex_format json;", "autoindex on; autoindex_exact_size off;",
		"rewrite <re> <file> <flag>;", "rewrite ^ <file>?<word>=<val> last;", "rewrite ^/(.*)$ /dir/$1 break;", "rewrite (?i)^/([a-z]+)$ /$1.txt;",
		"root dav; dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path <onoff>;",
		"internal;", "internal; root html;", "root html; index <index>;",
	},
	"proxy": {
		"proxy_pass http://%%UPSTREAM%%<fixed>;", "proxy_pass http://%%UPSTREAM%%;", "proxy_pass http://u1;", "proxy_pass http://u1;",
		"set $be %%UPSTREAM%%; proxy_pass http://$be<apath>;", "set $be u1; proxy_pass http://$be;", "proxy_pass http://%%DEAD%%;", "proxy_pass http://u2;",
	},
	"redirect": {"301", "302", "303", "307", "308"},
	"target":   {"/x", "http://h.test/<word>", "https://$host$request_uri", "$uri/", "//h.test", "/a?b=<val>", "/$1"},
	"flag":     {"", "last", "break", "redirect", "permanent"},
	"index":    {"index.html", "none.html c.txt", "/a.txt", "$m1.html index.html"},

	// Directives of locations; those with the same first word are not repeated, unless repeated below says so.
	"any": {
		"add_header <name> <val><always>;", "add_header <name> <val><always>;", "add_trailer <name> <val>;",
		"expires <expires>;", "expires <expires>;", "etag <onoff>;", "if_modified_since <ims>;", "max_ranges <ranges>;", "default_type <type>;",
		"error_page <ecode> <file>;", "error_page <ecode> <ecode> =<code> <file>;", "error_page <ecode> = <file>;", "error_page <ecode> @named;",
		"error_page <ecode> =<code> @named;", "error_page <ecode> = /app/<word>;", "error_page <ecode> <target>;", "recursive_error_pages <onoff>;",
		"charset <charset>;", "charset <charset>; override_charset <onoff>;", "charset_types *;", "server_tokens <onoff>;", "log_not_found off;", "absolute_redirect off;",
		"port_in_redirect off;", "server_name_in_redirect on;", "client_max_body_size <size>;", "chunked_transfer_encoding off;", "keepalive_timeout 0;",
		"keepalive_requests 2;", "msie_padding on;", "sendfile on;", "output_buffers 1 512;", "postpone_output 0;", "open_file_cache max=10;", "open_file_cache_errors on;",
		"gzip on; gzip_min_length <size>; gzip_types *;", "gzip on; gzip_vary on; gzip_http_version 1.0; gzip_proxied <gproxied>;", "gzip_static <gstatic>;", "gunzip on;", "gzip_disable x;",
		"sub_filter <sub> <val>; sub_filter_once <onoff>; sub_filter_types *;", "sub_filter a b; sub_filter o $m1; sub_filter_last_modified on;",
		"ssi on; ssi_types *;", "ssi on; ssi_silent_errors on;", "add_before_body <file>; addition_types *;", "add_after_body <file>;", "add_after_body /app/len; addition_types *;",
		"allow 127.0.0.1;", "deny all;", "allow 10.0.0.0/8; deny all;", "satisfy any;", "auth_basic <val>; auth_basic_user_file users;", "auth_basic off;",
		"auth_request /auth/<acode>;", "auth_request /auth/<acode>; auth_request_set $v1 $upstream_status;", "limit_req zone=z1 burst=<burst> nodelay;", "limit_req_status 429;",
		"valid_referers none <word>.test *.ok.test; if ($invalid_referer) { return 403; }", "secure_link $arg_md5; secure_link_md5 <word>$uri; if ($secure_link = '') { return 403; }",
		"limit_except GET <method> { deny all; }", "limit_except POST { auth_basic r; auth_basic_user_file users; }", "mirror /mirror;",
		"set $v1 <val>;", "set $v2 $1$v1;", "<if>", "<if>", "<if>", "<rewrite>", "<rewrite>",
		"client_body_buffer_size 1k;", "client_body_in_single_buffer on;", "client_body_in_file_only clean;", "types { text/x-<word> txt html; }", "reset_timedout_connection on;",
		"access_log off;", "log_subrequest on;", "disable_symlinks on;", "post_action /post;", "directio 512;",
		"<pset>", "<pset>", "<pset>", "<pset>", "<pset>", "<cache>", "<cache>",
	},
	"cache": {
		"proxy_cache c1; proxy_cache_key <ckey>; proxy_cache_valid <cvalid>;", "proxy_cache c1; proxy_cache_key <ckey>; proxy_cache_valid <cvalid>;", "proxy_cache c1; proxy_cache_valid any 1h;",
		"proxy_cache $v1;", "proxy_cache off;", "proxy_cache_valid <cvalid>;", "proxy_cache_key <ckey>;", "proxy_cache_methods <cmethods>;", "proxy_cache_min_uses 2;", "proxy_cache_revalidate on;",
		"proxy_cache_bypass $arg_a;", "proxy_cache_bypass $http_x_a $cookie_c;", "proxy_no_cache $arg_e;", "proxy_no_cache $upstream_http_x_up;", "proxy_cache_use_stale <cstale>;",
		"proxy_cache_convert_head off;", "proxy_cache_lock on;", "proxy_cache_max_range_offset <size>;", "proxy_cache_max_range_offset 2;", "add_header X-Cache $upstream_cache_status;",
		"slice 4; proxy_cache c1; proxy_cache_key $uri$slice_range; proxy_set_header Range $slice_range; proxy_cache_valid any 1h;", "slice 1k;",
	},
	"ckey":     {"$uri", "$request_uri", "$host$uri", "$request_method$uri", "k", "$proxy_host$uri$is_args$args", "$arg_a"},
	"cvalid":   {"1h", "any 1h", "200 301 302 1h", "404 1h", "any 0", "200 0", "204 206 304 500 1h"},
	"cmethods": {"GET POST", "GET HEAD", "POST"},
	"cstale":   {"error", "http_404", "http_500 http_503", "error timeout invalid_header updating http_403", "off"},
	"pset": {
		"proxy_set_header <name> <val>;", "proxy_set_header Host <val>;", "proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
		"proxy_hide_header X-Up;", "proxy_hide_header Content-Type;", "proxy_pass_header Server;", "proxy_pass_header X-Accel-Redirect; proxy_ignore_headers X-Accel-Redirect;",
		"proxy_ignore_headers X-Accel-Expires Expires Cache-Control X-Accel-Charset X-Accel-Limit-Rate X-Accel-Buffering;",
		"proxy_redirect off;", "proxy_redirect http://app.test/ /;", "proxy_redirect ~^http://([^/]+)(/.*)$ $2;", "proxy_redirect / /up/;",
		"proxy_cookie_domain app.test $host;", "proxy_cookie_path / /p/;", "proxy_cookie_flags ~ secure httponly;",
		"proxy_intercept_errors on;", "proxy_intercept_errors on; error_page 404 500 503 <file>;", "proxy_buffering off;", "proxy_method <method>;", "proxy_set_body <val>;",
		"proxy_pass_request_headers off;", "proxy_pass_request_body off;", "proxy_pass_request_body off; proxy_set_header Content-Length '';",
		`proxy_http_version 1.1; proxy_set_header Connection "";`, "proxy_http_version 1.0;", "proxy_next_upstream <next>;", "proxy_next_upstream <next> non_idempotent;", "proxy_next_upstream_tries 1;",
		"proxy_force_ranges on;", "proxy_request_buffering off;", "proxy_buffer_size 1k; proxy_buffers 2 1k; proxy_busy_buffers_size 1k;", "proxy_max_temp_file_size 0;",
		"proxy_ignore_client_abort on;", "proxy_headers_hash_max_size 1024;", "proxy_limit_rate 100k;", "proxy_socket_keepalive on;",
	},
	"if":        {"if (<cond>) { <action> }", "if (<cond>) { <action> <action> }"},
	"sif":       {"if (<cond>) { <saction> }", "if (<cond>) { <saction> <saction> }"}, // in a server
	"cond":      {"$request_method = POST", "$arg_a", `$http_x_a ~* "b(.)"`, "-f $request_filename", "!-e $request_filename", "-d $request_filename", "$uri ~ ^/dir(.*)", "$m1 = one", "$args !~ a", "$cookie_c != 1", "$host ~* ^([a-z]+)", "-x $request_filename", "$request_uri ~ [?]"},
	"action":    {"return <code>;", "return 200 <val>;", "return 302 <target>;", "set $v1 <val>;", "set $v2 $1;", "add_header X-If <val>;", "<rewrite>", "break;", "expires 1h;", "error_page 404 =200 <file>;", "proxy_pass http://%%UPSTREAM%%;", "root other;", "gzip on;", "sendfile on;", "charset utf-8;"},
	"saction":   {"return <code>;", "return 200 <val>;", "return 302 <target>;", "set $v1 <val>;", "set $v2 $1;", "<rewrite>", "break;"},
	"rewrite":   {"rewrite <re> <file> <flag>;", "rewrite ^/x(.*)$ $1 <flag>;", "rewrite ^/one/(.*)$ /two/$1?<word>=1 <flag>;", "rewrite ^(/dir)/(.*)$ $1/sub/$2? <flag>;", "rewrite /two(.*) http://r.test$1;", "break;", "rewrite ^/app/(.*) /$1 break;", "rewrite ^/(a+)$ /$1%20b;"},
	"expires":   {"1h", "-1", "epoch", "max", "off", "modified +1h", "$m3", "0"},
	"ims":       {"off", "exact", "before"},
	"ranges":    {"0", "1", "2"},
	"charset":   {"utf-8", "off", "koi8-r", "$m1", "windows-1251"},
	"gproxied":  {"any", "off", "expired no-cache auth"},
	"gstatic":   {"on", "always", "off"},
	"sub":       {"a", "<h1>", "line", "'</body>'", "host", "LINE", "xyz"},
	"acode":     {"200", "204", "401", "403", "404", "500"},
	"burst":     {"1", "2", "5"},
	"method":    {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"},
	"next":      {"error", "http_404", "http_500 http_503", "off", "invalid_header", "error timeout http_502"},
	"group":     {"server %%UPSTREAM%%;", "server %%UPSTREAM%%; server %%UPSTREAM_2%% backup;", "server %%DEAD%%; server %%UPSTREAM%%;", "server %%UPSTREAM%% max_fails=0; keepalive 4;", "server %%DEAD%% down; server %%UPSTREAM_2%%; least_conn;", "server %%UPSTREAM%%; server %%UPSTREAM_2%%; hash $uri;", "ip_hash; server %%UPSTREAM_2%%; server %%UPSTREAM%%;", "zone u 64k; server %%UPSTREAM%% weight=2; server %%UPSTREAM_2%% max_conns=5; keepalive 2;", "server %%UPSTREAM_2%%; server %%UPSTREAM%%; server %%DEAD%% backup;"},
	"key":       {"$uri", "$arg_a", "$http_x_a", "$host", "$request_method", "$cookie_c", "$args", "$request_uri"},
	"mapline":   {"~b three;", "~*^/D(.*) $1;", "one two;", "/a.txt one;", "default one;", `"" none;`, "'~^(?<Mc>[a-z]+)$' m-$Mc;", "*.test star;", "a $host;", "1 $uri;"},
	"location":  {"= /", "/", "/", "/dir/", "/app/", "/app/", "/app", "^~ /one/", "= /a.txt", "~ <re>", "~ <re>", "~* <re>", "/x", "/two/", "/dir", "= /app/len", "/dav/", "/one/deep/"},
	"nested":    {"~ \\.txt$", "~ ^/app/(.*)$", "~* \\.HTML$"},
	"below":     {"sub/", "c.txt", "x/", "a.txt", "len"}, // of a location that is a prefix
	"http":      {"merge_slashes off;", "underscores_in_headers on;", "ignore_invalid_headers off;", "client_header_buffer_size 512;", "large_client_header_buffers 2 1k;", "", "", "real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.1;", "max_headers 4;", "real_ip_header X-Real-IP; set_real_ip_from 127.0.0.0/8; real_ip_recursive on;"},
	"names":     {"localhost", "a.test *.b.test", "~^(?<Sub>.+)\\.r\\.test$", ".dot.test", "_", `""`, "www.*", "localhost a.test"},
	"uploadloc": {"/mirror", "/post"},
}

// repeated are directives that may stand in a block more than once.
var repeated = map[string]bool{"add_header": true, "add_trailer": true, "error_page": true, "set": true, "if": true, "rewrite": true, "break": true, "proxy_set_header": true, "allow": true, "deny": true, "proxy_hide_header": true, "auth_request_set": true}

var wordMark = regexp.MustCompile(`<([a-z0-9]+)>`)

// gen makes one configuration and its requests.
type gen struct{ *rand.Rand }

// chance is true in percent of the cases.
func (g gen) chance(percent int) bool { return g.IntN(100) < percent }

func (g gen) one(texts ...string) string { return texts[g.IntN(len(texts))] }

// expand replaces the words of a text.
func (g gen) expand(text string) string {
	for range 8 {
		if !wordMark.MatchString(text) {
			break
		}
		text = wordMark.ReplaceAllStringFunc(text, func(m string) string {
			choices, ok := grammar[m[1:len(m)-1]]
			if !ok {
				return m
			}
			return g.one(choices...)
		})
	}
	return strings.TrimSpace(text)
}
