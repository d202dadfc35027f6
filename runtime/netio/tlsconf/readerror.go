package tlsconf

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
)

// ReadError words a failed read of decrypted bytes as OpenSSL does, whose
// SSL_read reports a reset connection, and one that ends within a record, as
// the end of the stream: errors.Is says io.EOF of both, and the system's error
// stays behind the first. What breaks the protocol becomes a *ReadFailure.
// Other errors, of waits above all, are returned as they are.
func ReadError(err error) error {
	if err == nil || err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded) { //nolint:errorlint // bare as a rule
		return err
	}
	var errno syscall.Errno // it escapes: a read that succeeds does not come here
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.EOF
	case errors.As(err, &errno):
		return lostError{errno}
	}
	text := err.Error()
	for _, from := range [...]string{"tls: ", "local error: tls: ", "remote error: tls: "} {
		if strings.HasPrefix(text, from) {
			return &ReadFailure{cause: err}
		}
	}
	return err
}

// lostError is an end of the stream that the system reported as an error.
type lostError struct{ errno syscall.Errno }

func (e lostError) Error() string        { return e.errno.Error() }
func (e lostError) Is(target error) bool { return target == io.EOF }
func (e lostError) Unwrap() error        { return e.errno }

// ReadFailure is a read that failed because the peer sent an alert, or what is no
// record of the connection.
type ReadFailure struct{ cause error }

// Error returns the reason as it stands in a log, in parentheses behind the call.
func (e *ReadFailure) Error() string { return "SSL: " + HandshakeReason(e.cause, 0) }

// Unwrap returns crypto/tls's error.
func (e *ReadFailure) Unwrap() error { return e.cause }

// Call names what failed, for a log.
func (e *ReadFailure) Call() string { return "SSL_read()" }
