// Package upstream manages the servers that requests are passed to: their addresses
// and state, the load balancing methods, the connections to them and the pools of
// idle connections. It is independent of the protocol; http, stream and mail use it.
//
// It stands for nginx's ngx_http_upstream_round_robin.c, the balancing modules
// (ip_hash, hash, least_conn, random), ngx_http_upstream_keepalive_module.c and
// ngx_event_connect.c.
//
//	g := upstream.NewGroup("app", servers, upstream.RoundRobin{})
//	var c upstream.Choice
//	g.Begin(&c)
//	for p := c.Next(); p != nil; p = c.Next() {
//		conn := pool.Get(&p.Addr, &key, now)
//		if conn == nil {
//			conn, err = upstream.Dial(&netio.DialSpec{Addr: p.Addr}, &key)
//		}
//		...
//		c.Free(upstream.Worked)
//	}
//
// The state of a peer (failures, connections, weights) is guarded by its group's
// lock; an exchange takes the lock once per choice and once per release. Failures and
// connections go on over a reload (carry.go).
//
// Not supported: sticky sessions, queue, slow_start, servers whose names are
// resolved at run time (server ... resolve).
package upstream
