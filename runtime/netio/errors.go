package netio

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// Errors that operations on a Conn return besides io.EOF and the kernel's own,
// which come as bare syscall.Errno values (allocation-free, and what nginx's
// log lines name: "(104: Connection reset by peer)").
var (
	// ErrAgain says that a Try operation would have had to wait.
	ErrAgain = errors.New("netio: nothing there yet")
	// ErrTimeout says that a timeout or deadline passed while waiting. It is a
	// net.Error, and errors.Is(err, os.ErrDeadlineExceeded) holds.
	ErrTimeout error = timeoutError{}
	// ErrClosed says that the Conn or Listener was closed; it is net.ErrClosed.
	ErrClosed = net.ErrClosed
	// ErrStopped is what Accept returns after Stop.
	ErrStopped = errors.New("netio: listener stopped")
)

type timeoutError struct{}

func (timeoutError) Error() string        { return "i/o timeout" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true }
func (timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// OpError is a failed call on a socket that has no connection yet, worded as
// nginx's log has it: `bind() to 0.0.0.0:80 failed (98: Address already in use)`.
type OpError struct {
	Op    string        // the call and its object: "bind() to 0.0.0.0:80"
	Errno syscall.Errno // why it failed
	Note  string        // what follows "failed", e.g. ", ignored"
}

// Error is nginx's message, with the error number and text.
func (e *OpError) Error() string {
	return e.Op + " failed" + e.Note + " (" + strconv.Itoa(int(e.Errno)) + ": " + errno.Text(e.Errno) + ")"
}

// Text is Error without the part in parentheses, for logs that add it
// themselves.
func (e *OpError) Text() string { return e.Op + " failed" + e.Note }

// Unwrap gives the syscall.Errno.
func (e *OpError) Unwrap() error { return e.Errno }

// ConnectError is a connect() that failed at once, such as for want of a route.
// One that was on its way and failed then is a bare syscall.Errno: nginx logs
// the two in different words.
type ConnectError syscall.Errno

func (e ConnectError) Error() string { return "connect() failed: " + errno.Text(syscall.Errno(e)) }

// Unwrap gives the syscall.Errno.
func (e ConnectError) Unwrap() error { return syscall.Errno(e) }

// result turns a count and an error number into what io.Reader wants.
func result(n int, e syscall.Errno) (int, error) {
	switch {
	case e == syscall.EAGAIN:
		return 0, ErrAgain
	case e != 0:
		return n, e
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
