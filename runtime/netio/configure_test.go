package netio_test

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// TestConfigureAddr: while a reload configures a socket, connections of it look at
// its address, for the error log.
func TestConfigureAddr(t *testing.T) {
	spec := netaddr.ListenSpec{Addr: netaddr.AddrFrom(netip.MustParseAddrPort("127.0.0.1:0"))}
	l, err := netio.Listen(&spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	want := l.Addr().String()
	var running sync.WaitGroup
	running.Go(func() {
		for range 100 {
			l.Configure(&spec, nil)
		}
	})
	for range 1000 {
		if got := l.Addr().String(); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	running.Wait()
}
