package netaddr

import (
	"net"
	"net/netip"
	"testing"
)

func TestAddrText(t *testing.T) {
	for _, tc := range []struct {
		name, in   string
		text, host string
	}{
		{"ipv4", "127.0.0.1:80", "127.0.0.1:80", "127.0.0.1"},
		{"wildcard", "0.0.0.0:0", "0.0.0.0:0", "0.0.0.0"},
		{"ipv6 loopback", "[::1]:8080", "[::1]:8080", "::1"},
		{"ipv6 wildcard", "[::]:65535", "[::]:65535", "::"},
		{"longest run", "[1:0:0:2:0:0:0:3]:1", "[1:0:0:2::3]:1", "1:0:0:2::3"},
		{"single zero group", "[1:0:2:3:4:5:6:7]:1", "[1:0:2:3:4:5:6:7]:1", "1:0:2:3:4:5:6:7"},
		{"mapped", "[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1", "::ffff:1.2.3.4"},
		{"compatible", "[::1.2.3.4]:1", "[::1.2.3.4]:1", "::1.2.3.4"},
		{"small low half", "[::1234]:1", "[::0.0.18.52]:1", "::0.0.18.52"},
		{"small and round", "[::ab]:1", "[::ab]:1", "::ab"},
		{"unix", "unix:/run/a.sock", "unix:/run/a.sock", "unix:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := ParseAddr(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.String(); got != tc.text {
				t.Errorf("text %q, want %q", got, tc.text)
			}
			if got := string(a.AppendHost(nil)); got != tc.host {
				t.Errorf("host %q, want %q", got, tc.host)
			}
			dst := make([]byte, 0, 64)
			if n := testing.AllocsPerRun(100, func() { _ = a.AppendText(dst); _ = a.AppendHost(dst) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func TestAddrConversions(t *testing.T) {
	tcp := &net.TCPAddr{IP: net.IPv4(1, 2, 3, 4).To4(), Port: 5}
	for _, tc := range []struct {
		name  string
		in    net.Addr
		want  string
		valid bool
	}{
		{"tcp", tcp, "1.2.3.4:5", true},
		{"udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("[::1]:9")), "[::1]:9", true},
		{"unix", &net.UnixAddr{Name: "/s"}, "unix:/s", true},
		{"our own", func() *Addr { a := UnixAddr("/t"); return &a }(), "unix:/t", true},
		{"unknown", &net.IPAddr{}, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := AddrOf(tc.in)
			if a.String() != tc.want || a.IsValid() != tc.valid {
				t.Errorf("%q, valid %v", a.String(), a.IsValid())
			}
		})
	}
	if _, err := ParseAddr("localhost"); err == nil {
		t.Error("a bare name was taken for an address")
	}
}
