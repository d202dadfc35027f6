// Package role has the roles of a process of the program: a single process, or a master
// and its worker. It corresponds to nginx's core/nginx.c and os/unix/ngx_process_cycle.c. How
// a configuration takes effect is in package runtime, see [runtime.Change].
//
//	func main() {
//		if role.IsWorker() {
//			os.Exit(role.Worker())
//		}
//		os.Exit(role.Run(role.Options{Options: runtime.Options{ConfPath: path, Prefix: prefix, Console: os.Stderr}}))
//	}
//
// [Test] and [Signal] are the options -t and -s of the command.
//
// # Order of a start
//
// Configuration, folders of temporary files, log files, sockets, what modules
// start, pid file. Whatever fails ends the start. Messages go to the log of -e
// and to the console until the configuration's own log is open, then to that.
//
// A daemon is started before any of this (Go programs cannot fork): the parent
// only reads the configuration, and waits until the daemon serves or has failed.
//
// # The holder
//
// The holder (holder.go) is the common part of the single process and the master: it has
// the pid file, the listening sockets and the log files, and receives the signals of
// operators: reload.go (HUP), takeover.go (USR2), pidfile.go. The rest is in single.go
// and master.go.
//
// # Master and worker
//
// Started by the super-user, unless master_process is off, [Run] is a master: it reads the
// configuration, opens files and sockets, and serves no request. It starts one worker
// under the user of the directive user (startworker.go). The worker is the same program,
// whose main function calls [IsWorker] first and then [Worker]. The worker gets what the master
// read, see package inputs, and the log files and sockets as descriptors (message.go),
// loads the configuration from that (workerconfig.go), serves it with as many threads as
// worker_processes says, and answers (workerevents.go). A reload is another such message
// (handover.go). The certificates that the master obtains for acme_certificate come with it, and
// later as messages of their own (certificates.go).
// The master raises the limits of the worker, which has no rights to do so.
//
// Started by any other user, the program is a single process.
//
// # The change of the binary
//
// On USR2 the binary at argv[0] is started with the listening sockets. WINCH, HUP and QUIT
// decide which of the two processes goes on. Either may be nginx.
// See [process.Changeover].
//
// # Not supported
//
// More than one worker. env changes the environment of the next worker that is
// started, not of the one that serves.
package role
