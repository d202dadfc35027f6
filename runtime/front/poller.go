package front

// Poller holds connections of one kind that wait without a goroutine, and ends their
// waits. A netio.IdlePoller is that of sockets.
type Poller interface {
	// Drain ends all waits, and those that begin later until Reopen: the server quits.
	Drain()
	Reopen()
	// Recall ends all waits, since the configuration has changed.
	Recall()
	// Evict ends the waits of those connections that are among the n oldest, and returns
	// how many. others are the clock.Mono since which other connections have waited, in
	// order; they count among the n as well.
	Evict(n int, others []int64) (evicted int)
}

// AddPoller adds the Poller of connections that are no sockets and that ServeConn is going
// to be given. It is called before anything is served. The caller closes p after Quit.
func (s *Instance) AddPoller(p Poller) { s.pollers = append(s.pollers, p) }

// eachPoller calls fn for each Poller.
func (s *Instance) eachPoller(fn func(Poller)) {
	for _, p := range s.pollers {
		fn(p)
	}
}
