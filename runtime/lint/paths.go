package lint

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// pathRules are about how the path of a request becomes that of a file or of a
// request to another server.
func pathRules() []*Rule {
	return []*Rule{
		{
			Name: "alias-traversal", Severity: High, check: aliasTraversal,
			Text: "The location is a prefix without a slash at its end, and the alias has one. What is left of the URI is put " +
				"behind the alias: `/img../secret` becomes `/srv/img/../secret`, one folder above the one that was meant. End " +
				"the location with a slash as well.",
			Bad:  "server { location /img { alias /srv/img/; } }",
			Good: "server { location /img/ { alias /srv/img/; } }",
		},
		{
			Name: "proxy-pass-slash", Severity: Medium, check: proxyPassSlash,
			Text: "proxy_pass with a URI replaces what the location matched. When one of them ends with a slash and the other " +
				"does not, `/api../x` becomes `/../x`, or `/api/x` becomes `/v1x`. End both with a slash, or neither.",
			Bad:  "server { location /api { proxy_pass http://127.0.0.1:8000/; } }",
			Good: "server { location /api/ { proxy_pass http://127.0.0.1:8000/; } }",
		},
		{
			Name: "proxy-pass-normalized", Severity: Info, Off: true, check: proxyPassNormalized,
			Text: "proxy_pass with a URI sends the path decoded and normalized: `%2F`, `//` and `..` reach the other server " +
				"differently from how the client wrote them, which matters where it tells `a%2Fb` from `a/b`. Without a URI, " +
				"proxy_pass sends the path as it came.",
			Bad:  "server { location /api/ { proxy_pass http://127.0.0.1:8000/api/; } }",
			Good: "server { location /api/ { proxy_pass http://127.0.0.1:8000; } }",
		},
		{
			Name: "try-files-alias", Severity: Low, check: tryFilesAlias,
			Text: "try_files looks below the alias by cutting the location off the URI. In a location that is a regular " +
				"expression there is nothing to cut, and its last argument starts over with a URI, to which the alias is applied " +
				"again. Use root, or give try_files a last argument of the form =404 or @name.",
			Bad:  "server { location /img/ { alias /srv/img/; try_files $uri /img/none.png; } }",
			Good: "server { location /img/ { root /srv; try_files $uri /img/none.png; } }",
		},
		{
			Name: "php-any-file", Severity: Medium, check: phpAnyFile,
			Text: "Every path that ends with .php is handed to FastCGI, whether there is such a file or not. An interpreter that " +
				"looks for the nearest file then runs `/uploads/picture.jpg/x.php`. Check for the file before with " +
				"`try_files $fastcgi_script_name =404`.",
			Bad: `server { location ~ \.php$ { fastcgi_pass unix:/run/php.sock; ` +
				`fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; } }`,
			Good: `server { location ~ \.php$ { try_files $uri =404; fastcgi_pass unix:/run/php.sock; ` +
				`fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; } }`,
		},
		{
			Name: "php-no-script", Severity: Medium, check: phpNoScript,
			Text: "PHP learns from the parameter SCRIPT_FILENAME which file to run, and fastcgi_params does not have it: without it " +
				"the answer is an empty page, or `File not found.` Include fastcgi.conf in place of fastcgi_params, or add " +
				"`fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name`.",
			Bad: `server { location ~ \.php$ { try_files $uri =404; fastcgi_param QUERY_STRING $query_string; fastcgi_pass unix:/run/php.sock; } }`,
			Good: `server { location ~ \.php$ { try_files $uri =404; fastcgi_param QUERY_STRING $query_string; ` +
				`fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_pass unix:/run/php.sock; } }`,
		},
		{
			Name: "gateway-no-params", Severity: Medium, check: gatewayNoParams,
			Text: "An application behind FastCGI, uwsgi or SCGI knows of a request what the parameters say. Without REQUEST_METHOD most " +
				"do not answer, PHP with an empty page: include fastcgi_params, uwsgi_params or scgi_params. A block with a parameter " +
				"of its own takes none from the blocks around it.",
			Bad:  "server { location / { uwsgi_param SCRIPT_NAME /app; uwsgi_pass 127.0.0.1:3031; } }",
			Good: "server { location / { uwsgi_param REQUEST_METHOD $request_method; uwsgi_param SCRIPT_NAME /app; uwsgi_pass 127.0.0.1:3031; } }",
		},
		{
			Name: "memcached-no-fallback", Severity: Low, check: memcachedNoFallback,
			Text: "memcached may lose a value at any time, and a location with memcached_pass answers 404 then. Hand the request to the " +
				"application that makes the value, with `error_page 404 502 504 = @app`.",
			Bad:  "server { location / { set $memcached_key $uri; memcached_pass 127.0.0.1:11211; } }",
			Good: "server { location / { set $memcached_key $uri; memcached_pass 127.0.0.1:11211; error_page 404 502 504 = @app; } location @app { proxy_pass http://127.0.0.1:8000; } }",
		},
	}
}

func aliasTraversal(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		m := s.match()
		if m.prefix() && !strings.HasSuffix(m.text, "/") && strings.HasSuffix(arg(n, 0), "/") {
			p.report(n, &n.Args[0], `the location "%s" has no slash at its end and the alias has one: %s../ leads out of the folder`, m.text, m.text)
		}
	}, "alias")
}

// proxyURI is the URI part of a proxy_pass, "" when it has none or variables.
func proxyURI(n *conf.Node) string {
	_, rest, ok := strings.Cut(arg(n, 0), "://")
	if !ok || strings.Contains(rest, "$") {
		return ""
	}
	if unix, ok := strings.CutPrefix(rest, "unix:"); ok {
		_, uri, _ := strings.Cut(unix, ":")
		return uri
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

func proxyPassSlash(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		m, uri := s.match(), proxyURI(n)
		if !m.prefix() || uri == "" || len(s.own("internal")) > 0 || strings.ContainsRune(uri, '?') {
			return
		}
		switch slash := strings.HasSuffix(m.text, "/"); {
		case !slash && strings.HasSuffix(uri, "/"):
			p.report(n, &n.Args[0], `the location "%s" has no slash at its end and proxy_pass has one: %s../x becomes %s../x`, m.text, m.text, uri)
		case slash && !strings.HasSuffix(uri, "/"):
			p.report(n, &n.Args[0], `the location "%s" has a slash at its end and proxy_pass has none: %sx becomes %sx`, m.text, m.text, uri)
		}
	}, "proxy_pass")
}

func proxyPassNormalized(p *pass) {
	p.all(func(_ *scope, n *conf.Node) {
		if uri := proxyURI(n); uri != "" {
			p.report(n, &n.Args[0], `with the URI "%s" the path is sent decoded and normalized`, uri)
		}
	}, "proxy_pass")
}

func tryFilesAlias(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if len(s.own("alias")) == 0 || len(n.Args) == 0 {
			return
		}
		last := n.Args[len(n.Args)-1]
		switch {
		case s.match().regex():
			p.report(n, nil, "try_files and alias in a location that is a regular expression")
		case !strings.HasPrefix(last.Value, "=") && !strings.HasPrefix(last.Value, "@"):
			p.report(n, &last, `the alias is applied to "%s" as well, which is a URI`, last.Value)
		}
	}, "try_files")
}

func phpNoScript(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if m := s.match(); !strings.Contains(m.text, ".php") {
			return
		}
		params, _ := s.holds("fastcgi_param")
		for _, param := range params {
			if arg(param, 0) == "SCRIPT_FILENAME" {
				return
			}
		}
		p.report(n, nil, "PHP is not told which file to run: no SCRIPT_FILENAME among the parameters")
	}, "fastcgi_pass")
}

func gatewayNoParams(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		params, _ := s.holds(strings.TrimSuffix(n.Name.Value, "_pass") + "_param")
		for _, param := range params {
			if arg(param, 0) == "REQUEST_METHOD" {
				return
			}
		}
		p.report(n, nil, "the application is not told the method: no REQUEST_METHOD among the parameters")
	}, "fastcgi_pass", "uwsgi_pass", "scgi_pass")
}

func memcachedNoFallback(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		pages, _ := s.holds("error_page")
		for _, page := range pages {
			for i := range page.Args[:len(page.Args)-1] {
				if arg(page, i) == "404" {
					return
				}
			}
		}
		p.report(n, nil, "what memcached does not hold is answered with 404: no error_page for it")
	}, "memcached_pass")
}

func phpAnyFile(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if m := s.match(); !m.regex() || !strings.Contains(m.text, ".php") || len(s.own("try_files")) > 0 {
			return
		}
		for _, cond := range s.own("if") {
			if w := condition(cond); len(w) == 2 && strings.Contains(w[0], "-f") {
				return
			}
		}
		p.report(n, nil, "any path that matches is run, whether there is such a file or not")
	}, "fastcgi_pass")
}
