// Package upstream manages the servers that requests are passed to: their addresses
// and state, the load balancing methods, the connections to them and the pools of
// idle connections. It is independent of the protocol that is spoken on the connections.
//
// It corresponds to nginx's ngx_http_upstream_round_robin.c, the balancing modules
// (ip_hash, hash, least_conn, least_time, random), ngx_http_upstream_keepalive_module.c,
// ngx_http_upstream_zone_module.c and ngx_event_connect.c.
//
//	g := upstream.NewGroup("app", servers, upstream.RoundRobin{})
//	var c upstream.Choice
//	g.Begin(&c)
//	for p := c.Next(); p != nil; p = c.Next() {
//		conn := pool.Get(&p.Addr, &key, now)
//		if conn == nil {
//			conn, err = g.Connection(&netio.DialSpec{Addr: p.Addr}, &key)
//			err = conn.Connect(timeout)
//		}
//		...
//		c.Free(upstream.Worked)
//	}
//
// The state of a peer (failures, connections, weights) is guarded by its group's
// lock; an exchange takes the lock once per choice and once per release. Failures,
// health and connections are carried over a reload (carry.go).
//
// The peers of a group change while requests run (docs/adr/0034). An API and health
// checks use:
//
//	g.Servers()                 // the configured servers: peers, and names that are looked up
//	g.Add, g.Change, g.Remove   // the change is in effect for the next choice
//	g.SetHealth, g.Checked      // results of checks; SetInitialHealth for new peers
//	g.OnChange                  // registers a function that is called after a change
//	g.Snapshot, g.Reset         // figures of all peers
//
// Names of servers (resolve, service=) are looked up from Watch to Stop, without a
// goroutine between two lookups. Not supported: sharing of state between machines.
package upstream
