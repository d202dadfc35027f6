package listen_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/listen"
)

func TestAddresses(t *testing.T) {
	lookup := func(host string) ([]netip.Addr, error) {
		if host != "two.test" {
			return nil, errors.New("no such host")
		}
		return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, nil
	}
	for _, c := range []struct{ in, want string }{
		{"8080", "0.0.0.0:8080"},
		{"*:8080", "0.0.0.0:8080"},
		{"127.0.0.1", "127.0.0.1:80"},
		{"127.0.0.010:81", "127.0.0.10:81"},
		{"[::1%lo]:81", "! invalid IPv6 address"},
		{"127.0.0.1:81-83", "127.0.0.1:81 127.0.0.1:82 127.0.0.1:83"},
		{"[::1]", "[::1]:80"},
		{"[::]:81", "[::]:81"},
		{"two.test:81", "192.0.2.1:81 [2001:db8::1]:81"},
		{"UNIX:/run/x", "unix:/run/x"},
		{"unix:", "! no path in the unix domain socket"},
		{"unix:/" + strings.Repeat("x", 107), "! too long path in the unix domain socket"},
		{"0", "! invalid port"},
		{"65536", "! invalid port"},
		{"82-81", "! invalid port range"},
		{"127.0.0.1:", "! invalid port"},
		{"[::1]:", "! invalid port"},
		{"[::1", "! invalid host"},
		{"[::1]81", "! invalid host"},
		{"[]:81", "! no host"},
		{"[1.2.3.4]:81", "! invalid IPv6 address"},
		{"a/b:81", "! invalid host"},
		{"one.test", "! host not found"},
	} {
		addrs, problem := listen.Addresses(c.in, 80, lookup)
		got := "! " + problem
		if problem == "" {
			var all []string
			for i := range addrs {
				all = append(all, addrs[i].String())
			}
			got = strings.Join(all, " ")
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
	}
}
