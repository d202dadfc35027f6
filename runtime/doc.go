// Package runtime is the server as a library: it loads a configuration and
// serves it, and replaces it by another without losing a connection. It stands
// for nginx's core/nginx.c, ngx_cycle.c and os/unix/ngx_process_cycle.c, and
// for the directives of ngx_core_module and ngx_events_module.
//
//	s, err := runtime.NewServer(runtime.Options{Prefix: "/srv/", ConfPath: "/srv/nginx.conf", Console: os.Stderr})
//	if err != nil {
//		return err // unknown directive "foo" in /srv/nginx.conf:3
//	}
//	if err := s.Start(); err != nil { ... }
//	defer s.Quit()
//
// [Run], [Test] and [Signal] are what the command does with its options: they
// add the daemon, the pid file, signals and nginx's words on the console.
//
// # Order of a start
//
// Configuration, folders of temporary files, log files, sockets, what modules
// start, pid file. Whatever fails ends the start, or the reload, in which case
// the configuration before it goes on untouched. Messages go to the log of -e
// and to the console until the configuration's own log is open, then to that.
//
// A daemon is started before any of this (Go programs cannot fork): the parent
// only reads the configuration, and waits until the daemon serves or has failed.
//
// # The change of the binary
//
// On USR2 the binary that is then found under argv[0] is started with the listening
// sockets; WINCH, HUP and QUIT decide which of the two goes on. Either may be nginx.
// See [process.Changeover].
//
// # Master and worker
//
// Started by the super-user, unless master_process is off, [Run] is a master: it
// reads, opens and listens, and serves nothing. It starts one worker as user,
// which is this program again and comes to [Worker]; the program's main function
// asks [IsWorker] before anything else. The worker gets what the master read, see
// package inputs, and the log files and sockets as descriptors (bundle.go), loads the
// configuration from that, serves it with as many threads as worker_processes says,
// and answers. A reload is another such message. What a worker may not do for
// itself, limits that are raised, the master does for it.
//
// Started by anybody else, one process is its own master and worker.
//
// # Not supported
//
// More than one worker. env changes the environment of the next worker that is
// started, not of the one that serves.
package runtime
