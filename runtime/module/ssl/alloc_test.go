//go:build !race

package ssl_test

import (
	"crypto/tls"
	"testing"
)

// TestRequestAllocations counts what client and server together allocate for a
// request on a warm connection. Three are crypto/tls's own, for reading records.
func TestRequestAllocations(t *testing.T) {
	p := newPKI(t)
	p.issue("a")
	s := start(t, "keepalive_requests 100000; server ssl { "+p.pair("a")+"return 200 $ssl_protocol; }")
	raw := s.Dial()
	defer func() { _ = raw.Close() }()
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
	request := []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	answer := make([]byte, 16<<10)
	ask := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(answer); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		ask()
	}
	if n := testing.AllocsPerRun(1000, ask); n > 3 {
		t.Errorf("%v allocations", n)
	}
}
