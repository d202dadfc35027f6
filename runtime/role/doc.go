// Package role is what a process of the program is: a single process, or a master and
// its worker. It stands for nginx's core/nginx.c and os/unix/ngx_process_cycle.c. What
// all of them do with a configuration is in package runtime, see [runtime.Change].
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
// The single process and the master have in common that they hold the pid file, the
// listening sockets and the log files, and that operators send signals to them:
// holder.go, with reload.go (HUP), takeover.go (USR2) and pidfile.go. Each adds what is
// its own in single.go and master.go.
//
// # Master and worker
//
// Started by the super-user, unless master_process is off, [Run] is a master: it
// reads, opens and listens, and serves nothing. It starts one worker as user
// (startworker.go), which is this program again and comes to [Worker]; the program's
// main function asks [IsWorker] before anything else. The worker gets what the master
// read, see package inputs, and the log files and sockets as descriptors (message.go),
// loads the configuration from that (workerconfig.go), serves it with as many threads as
// worker_processes says, and answers (workerevents.go). A reload is another such message
// (handover.go).
// What a worker may not do for itself, limits that are raised, the master does for it.
//
// Started by any other user, one process is its own master and worker.
//
// # The change of the binary
//
// On USR2 the binary that is then found under argv[0] is started with the listening
// sockets; WINCH, HUP and QUIT decide which of the two goes on. Either may be nginx.
// See [process.Changeover].
//
// # Not supported
//
// More than one worker. env changes the environment of the next worker that is
// started, not of the one that serves.
package role
