package lint

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// serverRules are about limits.
func serverRules() []*Rule {
	return []*Rule{
		{
			Name: "low-keepalive-requests", Severity: Low, check: lowKeepaliveRequests,
			Text: "A connection is closed after fewer requests than the default of 1000. Clients of HTTP/2 and of APIs then " +
				"connect, and shake hands, again and again. Leave the default, or raise it.",
			Bad:  "keepalive_requests 10;",
			Good: "keepalive_requests 10000;",
		},
		{
			Name: "worker-limits", Severity: Low, check: workerLimits,
			Text: "A connection takes a descriptor, one that is proxied takes two. With worker_rlimit_nofile below twice the " +
				"worker_connections, `Too many open files` comes before the limit that was set.",
			Bad:  "worker_rlimit_nofile 1024;\nevents { worker_connections 1024; }\nhttp { }",
			Good: "worker_rlimit_nofile 4096;\nevents { worker_connections 1024; }\nhttp { }",
		},
	}
}

func lowKeepaliveRequests(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if v, ok := conf.ParseInt(arg(n, 0)); ok && v < 1000 && !s.in(conf.Upstream) {
			p.report(n, &n.Args[0], "fewer than the 1000 of the default")
		}
	}, "keepalive_requests")
}

func workerLimits(p *pass) {
	files := p.main.own("worker_rlimit_nofile")
	if len(files) == 0 {
		return
	}
	limit, ok := conf.ParseInt(arg(files[0], 0))
	p.all(func(_ *scope, n *conf.Node) {
		if conns, ok2 := conf.ParseInt(arg(n, 0)); ok && ok2 && limit < 2*conns {
			p.report(files[0], &files[0].Args[0], "%d connections may need %d descriptors", conns, 2*conns)
		}
	}, "worker_connections")
}
