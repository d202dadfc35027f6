// Package process is what a server is to its system: a pid file, signals, a daemon,
// a user. It stands for nginx's os/unix/ngx_daemon.c, ngx_process.c (signals) and
// the process parts of core/nginx.c and core/ngx_cycle.c.
//
// A server that goes into the background does, in this order:
//
//	daemon, inChild := process.Resume()
//	if !inChild && cfg.Daemon {
//	    os.Exit(process.Daemonize(log)) // the parent stays until the child serves or fails
//	}
//	... // listen
//	process.WritePID(cfg.PID)
//	sig := process.Notify(process.NotifyOptions{Log: current, Daemonized: inChild})
//	daemon.Ready()
//	for event := range sig.Events() { ... }
//
// Go cannot fork: the daemon is the same program started again with the same
// arguments, which reads its configuration itself. The parent therefore opens no
// sockets, and unlike nginx's it answers only when the daemon serves or has failed.
//
// [Changeover] is the change of the binary (USR2): another program gets the listening
// sockets of this one in nginx's environment variable. [Results] tells "-s reload" how
// the reload went.
//
// Not supported: a master with workers and their titles. Role and User are the seam:
// a worker is another process started the same way, with inherited sockets.
package process
