package testport

import (
	"net"
	"testing"
)

// TestPorts: two that take ports, as two processes do, never get the same, and neither gets one again soon.
func TestPorts(t *testing.T) {
	const n = ownedBlocks * blockSize / 2
	seen := map[int]bool{}
	for name, p := range map[string]*Ports{"one": New(), "other": New()} {
		ports, err := p.Take(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, port := range ports {
			if seen[port] || port%10 == 0 || port < firstBlock*blockSize || port >= (lastBlock+1)*blockSize {
				t.Errorf("%s: port %d", name, port)
			}
			seen[port] = true
		}
		defer func() {
			if len(p.owned) == 0 || len(p.owned) > ownedBlocks {
				t.Errorf("%s: %d blocks", name, len(p.owned))
			}
			for _, l := range p.owned {
				_ = l.Close()
			}
		}()
	}
}

// TestPortsGoOn: the ports of a process are handed out again, but for those that are in use.
func TestPortsGoOn(t *testing.T) {
	p := New()
	used, port, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	again, err := p.Take(2 * ownedBlocks * blockSize)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range again {
		if got == port {
			t.Errorf("port %d was handed out while something listened there", port)
		}
	}
	if l, err := net.Listen("tcp", Addr(p.first[0])); err == nil {
		_ = l.Close()
		t.Error("another process may have the same block")
	}
	for _, l := range p.owned {
		_ = l.Close()
	}
}
