package tlsconf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

// TestReadError: what ends a connection is the end of the stream, what breaks the
// protocol has OpenSSL's words, and the end of a wait stays what it is.
func TestReadError(t *testing.T) {
	alert := &net.OpError{Op: "remote error", Err: tls.AlertError(46)}
	for _, c := range []struct {
		name, text string
		err        error
		end        bool
		errno      syscall.Errno
	}{
		{"end", "EOF", io.EOF, true, 0},
		{"end within a record", "EOF", io.ErrUnexpectedEOF, true, 0},
		{"reset", syscall.ECONNRESET.Error(), fmt.Errorf("read: %w", syscall.ECONNRESET), true, syscall.ECONNRESET},
		{"time", os.ErrDeadlineExceeded.Error(), os.ErrDeadlineExceeded, false, 0},
		{"alert", "SSL: error:0A000416:SSL routines::sslv3 alert certificate unknown:SSL alert number 46", alert, false, 0},
		{
			"record", "SSL: error:0A000119:SSL routines::decryption failed or bad record mac",
			errors.New("local error: tls: bad record MAC"), false, 0,
		},
		{"other", "other", errors.New("other"), false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := ReadError(c.err)
			if err.Error() != c.text || errors.Is(err, io.EOF) != c.end {
				t.Errorf("%q, end %t", err, errors.Is(err, io.EOF))
			}
			var errno syscall.Errno
			if errors.As(err, &errno); errno != c.errno {
				t.Errorf("errno %d", errno)
			}
			var f *ReadFailure
			if errors.As(err, &f) && (f.Call() != "SSL_read()" || !errors.Is(err, c.err)) {
				t.Errorf("%q of %q", f.Call(), err)
			}
		})
	}
	if n := testing.AllocsPerRun(100, func() { _ = ReadError(nil) }); ReadError(nil) != nil || n != 0 {
		t.Errorf("a read that did not fail: %v, %v allocations", ReadError(nil), n)
	}
}
