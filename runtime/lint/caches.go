package lint

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// cacheRules are about the caches of *_pass modules.
func cacheRules() []*Rule {
	return []*Rule{
		{
			Name: "cache-mixes-hosts", Severity: Medium, check: cacheMixesHosts,
			Text: "The upstream server is told for which host a request is, and the key of its cached response does not say so: " +
				"what one host has answered is sent for another. Put `$host` into the key.",
			Bad: "proxy_cache_path cache keys_zone=z:1m;\nserver { server_name a.example b.example; location / {\n" +
				"proxy_cache z; proxy_set_header Host $host; proxy_pass http://127.0.0.1:8000; } }",
			Good: "proxy_cache_path cache keys_zone=z:1m;\nserver { server_name a.example b.example; location / {\n" +
				"proxy_cache z; proxy_cache_key $scheme$host$request_uri; proxy_set_header Host $host; proxy_pass http://127.0.0.1:8000; } }",
		},
		{
			Name: "cached-cookie", Severity: High, check: cachedCookie,
			Text: "Responses that set a cookie are cached, and sent to everybody with the cookie of the one who asked first. Hide the " +
				"field, or let such responses pass.",
			Bad: "proxy_cache_path cache keys_zone=z:1m;\nserver { location / {\n" +
				"proxy_cache z; proxy_ignore_headers Set-Cookie; proxy_pass http://127.0.0.1:8000; } }",
			Good: "proxy_cache_path cache keys_zone=z:1m;\nserver { location / {\n" +
				"proxy_cache z; proxy_ignore_headers Set-Cookie; proxy_hide_header Set-Cookie; proxy_pass http://127.0.0.1:8000; } }",
		},
		{
			Name: "unused-cache", Severity: Low, check: unusedCache,
			Text: "No directive names the zone of the cache: nothing is stored in its folder.",
			Bad:  "proxy_cache_path cache keys_zone=z:1m;\nserver { location / { proxy_pass http://127.0.0.1:8000; } }",
			Good: "proxy_cache_path cache keys_zone=z:1m;\nserver { location / { proxy_cache z; proxy_pass http://127.0.0.1:8000; } }",
		},
		{
			Name: "rfc9111-key", Severity: Low, check: rfc9111Key,
			Text: "By RFC 9111 a POST, PUT or DELETE that succeeds removes what is cached for its URI. A key with the request's method in " +
				"it is another one for such a request: nothing is removed. Take the method out of the key.",
			Bad: "proxy_cache_path cache keys_zone=z:1m;\nserver { location / {\n" +
				"proxy_cache z; proxy_cache_rfc9111 on; proxy_cache_key $request_method$host$request_uri; proxy_pass http://127.0.0.1:8000; } }",
			Good: "proxy_cache_path cache keys_zone=z:1m;\nserver { location / {\n" +
				"proxy_cache z; proxy_cache_rfc9111 on; proxy_cache_key $host$request_uri; proxy_pass http://127.0.0.1:8000; } }",
		},
		{
			Name: "rfc9111-without-cache", Severity: Low, check: rfc9111WithoutCache,
			Text: "What RFC 9111 asks of a cache is switched on where nothing is cached.",
			Bad:  "server { location / { proxy_cache_rfc9111 on; proxy_pass http://127.0.0.1:8000; } }",
			Good: "proxy_cache_path cache keys_zone=z:1m;\nserver { location / {\n" +
				"proxy_cache z; proxy_cache_rfc9111 on; proxy_pass http://127.0.0.1:8000; } }",
		},
	}
}

// cachePrefixes are those of the modules with caches.
var cachePrefixes = []string{"proxy", "fastcgi", "uwsgi", "scgi"}

// caching calls fn for every scope with a *_pass whose responses may be cached; cache is the
// directive that says where.
func (p *pass) caching(fn func(s *scope, prefix string, cache *conf.Node)) {
	for _, prefix := range cachePrefixes {
		for _, s := range p.scopes {
			if len(s.own(prefix+"_pass")) == 0 {
				continue
			}
			if list, _ := s.holds(prefix + "_cache"); len(list) > 0 && arg(list[0], 0) != "off" {
				fn(s, prefix, list[0])
			}
		}
	}
}

func cacheMixesHosts(p *pass) {
	servers := map[string]map[*scope]bool{} // by zone
	p.caching(func(s *scope, _ string, cache *conf.Node) {
		zone := arg(cache, 0)
		if servers[zone] == nil {
			servers[zone] = map[*scope]bool{}
		}
		servers[zone][s.enclosing(conf.Server)] = true
	})
	told := map[*conf.Node]bool{}
	p.caching(func(s *scope, prefix string, cache *conf.Node) {
		at := cache
		if list, _ := s.holds(prefix + "_cache_key"); len(list) > 0 {
			at = list[0]
			if namesHost(arg(at, 0)) {
				return
			}
		} else if prefix != "proxy" {
			return // a warning tells of that already
		}
		if told[at] || !sendsHost(s, prefix) || len(servers[arg(cache, 0)]) < 2 && oneHost(s.enclosing(conf.Server)) {
			return
		}
		told[at] = true
		p.report(at, nil, "the key of a cached response does not say for which host it is")
	})
}

// namesHost reports whether a key differs from host to host.
func namesHost(key string) bool {
	return slices.ContainsFunc([]string{"host", "http_host", "server_name", "ssl_server_name", "domain"}, func(name string) bool {
		return strings.Contains(strings.ReplaceAll(key, "{", ""), "$"+name)
	})
}

// sendsHost reports whether the host that the client asks for is sent to the upstream server.
func sendsHost(s *scope, prefix string) bool {
	if prefix != "proxy" {
		return true
	}
	list, _ := s.holds("proxy_set_header")
	return slices.ContainsFunc(list, func(n *conf.Node) bool {
		return strings.EqualFold(arg(n, 0), "Host") && namesHost(arg(n, 1))
	})
}

// oneHost reports whether a server block answers for a single name.
func oneHost(s *scope) bool {
	if s == nil {
		return true
	}
	names := 0
	for _, n := range s.own("server_name") {
		for i := range n.Args {
			if names++; strings.ContainsAny(arg(n, i), "*~") || strings.HasPrefix(arg(n, i), ".") {
				return false
			}
		}
	}
	return names < 2
}

func cachedCookie(p *pass) {
	told := map[*conf.Node]bool{}
	has := func(list []*conf.Node) *conf.Node {
		for _, n := range list {
			for i := range n.Args {
				if strings.EqualFold(arg(n, i), "Set-Cookie") {
					return n
				}
			}
		}
		return nil
	}
	p.caching(func(s *scope, prefix string, _ *conf.Node) {
		ignored, _ := s.holds(prefix + "_ignore_headers")
		hidden, _ := s.holds(prefix + "_hide_header")
		if n := has(ignored); n != nil && has(hidden) == nil && !told[n] {
			told[n] = true
			p.report(n, nil, "responses that set a cookie are cached with it")
		}
	})
}

// rfc9111 returns the *_cache_rfc9111 that holds in a scope, nil where it is off.
func (s *scope) rfc9111(prefix string) *conf.Node {
	if list, _ := s.holds(prefix + "_cache_rfc9111"); len(list) > 0 && strings.EqualFold(arg(list[0], 0), "on") {
		return list[0]
	}
	return nil
}

func rfc9111Key(p *pass) {
	told := map[*conf.Node]bool{}
	p.caching(func(s *scope, prefix string, _ *conf.Node) {
		list, _ := s.holds(prefix + "_cache_key")
		if s.rfc9111(prefix) == nil || len(list) == 0 || told[list[0]] {
			return
		}
		if strings.Contains(strings.ReplaceAll(arg(list[0], 0), "{", ""), "$request_method") {
			told[list[0]] = true
			p.report(list[0], &list[0].Args[0], "the key of a cached response is not that of a request that changes it")
		}
	})
}

func rfc9111WithoutCache(p *pass) {
	for _, prefix := range cachePrefixes {
		used := map[*conf.Node]bool{}
		p.caching(func(s *scope, of string, _ *conf.Node) {
			if n := s.rfc9111(prefix); of == prefix && n != nil {
				used[n] = true
			}
		})
		p.all(func(_ *scope, n *conf.Node) {
			if !used[n] && strings.EqualFold(arg(n, 0), "on") {
				p.report(n, nil, "no request that it holds for is cached")
			}
		}, prefix+"_cache_rfc9111")
	}
}

func unusedCache(p *pass) {
	for _, prefix := range cachePrefixes {
		used, variable := map[string]bool{}, false
		p.all(func(_ *scope, n *conf.Node) {
			used[arg(n, 0)] = true
			variable = variable || strings.Contains(arg(n, 0), "$") && n.Name.Value == prefix+"_cache"
		}, prefix+"_cache", prefix+"_cache_purge")
		p.all(func(_ *scope, n *conf.Node) {
			for i := range n.Args {
				text, ok := strings.CutPrefix(arg(n, i), "keys_zone=")
				zone, _, _ := strings.Cut(text, ":")
				if ok && !used[zone] && !variable {
					p.report(n, &n.Args[i], `nothing uses the zone "%s"`, zone)
				}
			}
		}, prefix+"_cache_path")
	}
}
