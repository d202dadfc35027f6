// Package process is the server as a process of the operating system: pid file,
// signals, daemon, master and worker, process titles, change of the binary. It corresponds to
// nginx's os/unix/ngx_daemon.c, ngx_process.c, ngx_channel.c, ngx_setproctitle.c, the
// process parts of ngx_process_cycle.c, and those of core/nginx.c and core/ngx_cycle.c.
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
// sockets of this one in nginx's environment variable. [Results] sends the result of
// a reload to "-s reload".
//
// A worker is the same program as well, started as another user with one end of a
// [Channel]:
//
//	child, err := process.StartWorker(process.WorkerOptions{User: cfg.User, Env: env})
//	child.Channel.Send(process.Message{Kind: 'C', Body: configuration, Files: sockets})
//	exited := <-child.Exited()
//
//	if process.IsWorker() { // in the worker
//	    channel, err := process.ResumeWorker()
//	    message, err := channel.Receive(limit, true)
//	}
//
// Not supported: the sender of a signal is not logged, since Go does not report it, but
// for SIGCHLD; nginx logs "received from 123". On systems other than Linux the process
// titles do not change, and the limits of a worker can only be lowered.
package process
