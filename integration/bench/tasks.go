package main

// A task is what the load generator asks for, again and again.
type task struct {
	name string
	// listen says at which port of the configuration, see conf; haproxy is its port of HAProxy's, 0 if it has none.
	listen, haproxy int
	path            string
	tls             bool
	args            []string // for wrk
	body            int      // bytes that each request posts
	echo            bool     // messages over upgraded connections in place of requests
}

var tasks = []task{
	{name: "return", listen: 1, haproxy: 1, path: "/return"},
	{name: "redirect", listen: 1, haproxy: 1, path: "/redirect?a=b"},
	{name: "static-1k", listen: 1, path: "/1k.html"},
	{name: "static-1k-logged", listen: 2, path: "/1k.html"},
	{name: "static-100k", listen: 1, path: "/100k.html"},
	{name: "gzip-10k", listen: 1, path: "/gzip/10k.html", args: []string{"-H", "Accept-Encoding: gzip"}},
	{name: "new-connection", listen: 1, haproxy: 1, path: "/return", args: []string{"-H", "Connection: close"}},
	{name: "proxy", listen: 3, haproxy: 2, path: "/small"},
	{name: "proxy-10k", listen: 3, haproxy: 2, path: "/10k.html"},
	{name: "proxy-no-keepalive", listen: 4, haproxy: 3, path: "/small"},
	{name: "cache-1k", listen: 7, path: "/1k.html"},
	{name: "cache-100k", listen: 7, path: "/100k.html"},
	{name: "cache-1m", listen: 7, path: "/1m.html"},
	{name: "fastcgi", listen: 6, path: "/small.php/info?a=b"},
	{name: "fastcgi-10k", listen: 6, path: "/10k.php"},
	{name: "post-1k", listen: 8, path: "/", body: 1 << 10},
	{name: "post-64k", listen: 8, path: "/", body: 64 << 10, args: []string{"-c16"}},
	{name: "post-10m", listen: 8, path: "/", body: 10 << 20, args: []string{"-c4"}},
	{name: "echo", listen: 8, path: "/", echo: true},
	{name: "tls-static-1k", listen: 5, path: "/1k.html", tls: true},
	{name: "tls-return", listen: 5, haproxy: 4, path: "/return", tls: true},
	{name: "tls-handshake", listen: 5, haproxy: 4, path: "/return", tls: true, args: []string{"-H", "Connection: close"}},
}

// conf is the configuration of Sluice and of nginx; the application behind it is an nginx with backendConf.
const conf = `worker_processes 1;
pid logs/server.pid;
error_log logs/error.log;
events { worker_connections 4096; }
http {
    types { text/html html; }
    default_type text/plain;
    sendfile on;
    tcp_nopush on;
    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    include temp-paths.conf;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    upstream app { server %%UPSTREAM%%; keepalive 64; keepalive_requests 100000000; }
    upstream fastcgi { server %%FASTCGI%%; keepalive 64; keepalive_requests 100000000; }
    server {
        listen %%ADDR%%;
        root html;
        location = /return { return 200 "ok"; }
        location = /redirect { return 301 https://$host$request_uri; }
        location /gzip/ { alias html/; gzip on; gzip_comp_level 1; gzip_min_length 100; }
    }
    server { listen %%ADDR_2%%; root html; access_log logs/access.log combined; }
    server {
        listen %%ADDR_3%%;
        location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://app; }
    }
    server {
        listen %%ADDR_4%%;
        location / { proxy_http_version 1.1; proxy_set_header Connection close; proxy_pass http://%%UPSTREAM%%; }
    }
    server {
        listen %%ADDR_6%%;
        root html;
        location ~ [^/]\.php(/|$) {
            fastcgi_split_path_info ^(.+?\.php)(/.*)$;
            include fastcgi.conf;
            fastcgi_param PATH_INFO $fastcgi_path_info;
            fastcgi_keep_conn on;
            fastcgi_pass fastcgi;
        }
    }
    map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
    upstream application { server %%APPLICATION%%; keepalive 64; keepalive_requests 100000000; }
    server {
        listen %%ADDR_8%%;
        client_max_body_size 0;
        location / {
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_pass http://application;
        }
    }
    proxy_cache_path cache levels=1:2 keys_zone=cache:10m;
    server {
        listen %%ADDR_7%%;
        location / { proxy_pass http://app; proxy_cache cache; proxy_cache_valid 1h; }
    }
    server {
        listen %%ADDR_5%% ssl;
        root html;
        location = /return { return 200 "ok"; }
    }
}
`

const backendConf = `worker_processes 1;
pid logs/backend.pid;
error_log logs/error.log;
events { worker_connections 4096; }
http {
    types { text/html html; }
    access_log off;
    open_file_cache max=100;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    include temp-paths.conf;
    server {
        listen %%UPSTREAM%%;
        root html;
        location = /small { default_type text/plain; return 200 "sixty-four bytes from the application, to be passed on as is...\n"; }
    }
}
`

// haproxyConf does the same where HAProxy can, with as many threads.
const haproxyConf = `global
    nbthread 1
    maxconn 4096
    tune.ssl.default-dh-param 2048
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend plain
    bind %%ADDR%%
    http-request redirect code 301 prefix https://localhost if { path /redirect }
    http-request return status 200 content-type text/plain string "ok"
frontend proxy
    bind %%ADDR_2%%
    default_backend app
frontend proxy_close
    bind %%ADDR_3%%
    default_backend app_close
frontend secure
    bind %%ADDR_4%% ssl crt both.pem
    http-request return status 200 content-type text/plain string "ok"
backend app
    http-reuse always
    server one %%UPSTREAM%%
backend app_close
    option httpclose
    http-reuse never
    server one %%UPSTREAM%%
`
