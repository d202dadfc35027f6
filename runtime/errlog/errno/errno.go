// Package errno words system errors as nginx does in its logs: the number, then
// the C library's text, as in "(2: No such file or directory)". Go's own texts
// are lower-case and differ from glibc's in places, and log scanners match on
// nginx's line. It stands for nginx's os/unix/ngx_errno.c.
//
//	err := errno.Failed("open()", "/run/nginx.pid", syscall.EACCES)
//	err.Error() // open() "/run/nginx.pid" failed (13: Permission denied)
//
// Not supported: localised texts.
package errno

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"strconv"
	"syscall"
)

// Of finds the errno that err carries or wraps. Go's own words for a condition
// that nginx reports as an errno are translated: a passed deadline is ETIMEDOUT,
// a closed descriptor EBADF. ok is false when err is nil or means no errno.
func Of(err error) (e syscall.Errno, ok bool) {
	if err == nil {
		return 0, false
	}
	if errors.As(err, &e) {
		return e, e != 0
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return syscall.ETIMEDOUT, true
	case errors.Is(err, fs.ErrNotExist):
		return syscall.ENOENT, true
	case errors.Is(err, fs.ErrPermission):
		return syscall.EACCES, true
	case errors.Is(err, net.ErrClosed), errors.Is(err, fs.ErrClosed):
		return syscall.EBADF, true
	}
	return 0, false
}

// Text is strerror(e): "No such file or directory". A number without a text
// gives nginx's "Unknown error".
func Text(e syscall.Errno) string {
	if s := text(e); s != "" {
		return s
	}
	return "Unknown error"
}

// Append appends " (2: No such file or directory)" for the errno in err, and
// " (text)" for an error that has none. A nil err appends nothing.
func Append(dst []byte, err error) []byte {
	if err == nil {
		return dst
	}
	dst = append(dst, " ("...)
	if e, ok := Of(err); ok {
		dst = strconv.AppendInt(dst, int64(e), 10)
		dst = append(dst, ": "...)
		dst = append(dst, Text(e)...)
	} else {
		dst = append(dst, err.Error()...)
	}
	return append(dst, ')')
}

// OpError is a failed operation on a file in nginx's words:
//
//	open() "/run/nginx.pid" failed (13: Permission denied)
//
// Log it with Logger.Fail, or split it into Text and Err so that the logger adds the errno.
type OpError struct {
	Op   string // the call with its parentheses: "open()"
	Path string // the file as configured; "" leaves the name out
	Err  error  // the errno, possibly wrapped
}

// Failed builds an OpError.
func Failed(op, path string, err error) *OpError {
	return &OpError{Op: op, Path: path, Err: err}
}

// Text is the message without the errno: `open() "/run/nginx.pid" failed`.
func (e *OpError) Text() string {
	if e.Path == "" {
		return e.Op + " failed"
	}
	return e.Op + ` "` + e.Path + `" failed`
}

// Error is the whole message with the errno.
func (e *OpError) Error() string { return string(Append([]byte(e.Text()), e.Err)) }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *OpError) Unwrap() error { return e.Err }
