// Package resolver looks host names up at run time: nginx's resolver directive
// (ngx_resolver.c), which http, stream, mail and upstream share.
//
// A directive's arguments are read with Parse, which reports mistakes in nginx's
// words; New makes a Resolver of them:
//
//	conf, err := resolver.Parse([]string{"127.0.0.53", "valid=30s", "ipv6=off"}, nil)
//	if err != nil { … } // invalid parameter: valid=x
//	r := resolver.New(*conf)
//	defer r.Close()
//	addrs, valid, err := r.Resolve(nil, "app.example", resolver.Wait{Timeout: 30 * time.Second})
//	// err: app.example could not be resolved (3: Host not found)
//
// Answers are cached for their TTL, or `valid=`, and forgotten thirty seconds after
// their last use. Requests for a name that is being looked up share one lookup. A and
// AAAA are queried at the same time; if one fails, the lookup fails. If a server does
// not answer within five seconds the next one is queried, as long as a request waits
// for the name. Answers too large for UDP come over TCP. Failures are not cached.
//
// Services (SRV) and addresses (PTR) can be looked up as well as names.
//
// Unlike in nginx, every lookup has its own sockets, so a forged answer needs the
// right random port as well as the right identifier. As in nginx, EDNS, DNSSEC, DNS
// over TLS or HTTPS, search lists and /etc/hosts are not supported. A name server
// cannot be a unix domain socket.
package resolver
