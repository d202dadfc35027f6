// Package raw is the only place of the tree that imports unsafe: system calls
// on non-blocking sockets, without the bookkeeping that package syscall adds
// for calls that may block.
//
// A call here never sleeps: the descriptor is in non-blocking mode, so the
// kernel answers at once or says EAGAIN. On Linux the scheduler is therefore
// not told (syscall.RawSyscall), which saves about a tenth of the cost of a
// small read; elsewhere the same functions go through golang.org/x/sys/unix.
//
// Results are a count and a syscall.Errno (0 for success), never an allocated
// error. The caller keeps the descriptor open during the call.
//
// Not here: anything that may wait for a disk (sendfile, open, stat) - those
// calls must enter the scheduler's syscall state.
package raw
