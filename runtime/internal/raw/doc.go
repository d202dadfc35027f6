// Package raw is the only package that imports unsafe: system calls
// on non-blocking sockets, without the bookkeeping that package syscall adds
// for calls that may block.
//
// A call here never sleeps: the descriptor is in non-blocking mode, so the
// kernel returns a result or EAGAIN at once. On Linux the calls therefore bypass the
// scheduler (syscall.RawSyscall), which saves about a tenth of the cost of a
// small read; elsewhere the same functions use golang.org/x/sys/unix.
//
// Results are a count and a syscall.Errno (0 for success), never an allocated
// error. The caller keeps the descriptor open during the call.
//
// Not here: calls that may wait for a disk (sendfile, open, stat). They must enter
// the scheduler's syscall state.
package raw
