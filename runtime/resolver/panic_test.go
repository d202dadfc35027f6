package resolver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
)

// TestPanic: a panic in a lookup fails that lookup, and is logged in one line.
func TestPanic(t *testing.T) {
	lines := make(chan string, 10)
	r := New(Config{
		IPv4: true, Servers: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")},
		Log:  func(text string) { lines <- text },
		Dial: func(context.Context, string, netip.AddrPort) (net.Conn, error) { panic("at a dial") },
	})
	defer r.Close()
	for range 2 {
		_, _, err := r.Resolve(nil, "a.test", Wait{})
		var failed *Error
		if !errors.As(err, &failed) || failed.Code != ServerFailure {
			t.Fatalf("%v", err)
		}
		if line := <-lines; !strings.HasPrefix(line, "panic: at a dial at ") || strings.Contains(line, "\n") {
			t.Errorf("%q", line)
		}
	}
}
