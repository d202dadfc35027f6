// Package resource manages what a configuration makes while it is loaded and what is
// shared by its requests: zones, pools of upstream connections, file caches, TLS
// sessions and ticket keys. Each resource belongs to the [Set] of the configuration
// that made it. In a change of configuration the Set carries, merges or closes it:
//
//   - carried: the next configuration takes a resource over by [Kind] and name, with all
//     that it holds. A resource that the next one does not name is closed.
//   - merged: the next configuration gives a resource that it has carried its own
//     settings, when it begins to serve.
//   - closed: [Set.OnRetire] at once when another configuration is current,
//     [Set.OnStop] when the last connection under this one has ended.
//
// A module declares the kind and takes the resource:
//
//	const sessions resource.Kind[*tlsconf.SessionCache] = "ssl_session_cache"
//
//	cache := sessions.Take(b.Env.Resources, "SSL:1048576", func() *tlsconf.SessionCache {
//		return tlsconf.NewSharedCache(1 << 20)
//	})
//
// A change of configuration calls [Set.Adopt] when it is in effect, or [Set.Drop] when
// it is undone. [Set.Close] ends the last one. It corresponds to the part of nginx's
// core/ngx_cycle.c that compares the shared memory zones of two cycles.
package resource
