package runtime

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

func TestDebugConnection(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, directives string
		want, other      []string // addresses in the set and out of it
		warning, err     string
	}{
		{name: "none", other: []string{"127.0.0.1:1"}},
		{name: "address", directives: "debug_connection 127.0.0.1;", want: []string{"127.0.0.1:1"}, other: []string{"127.0.0.2:1", "unix:"}},
		{
			name: "networks", directives: "debug_connection 10.0.0.0/8; debug_connection 2001:db8::/32;",
			want: []string{"10.1.2.3:1", "[2001:db8::1]:1"}, other: []string{"11.0.0.1:1", "[::1]:1", "[::ffff:10.0.0.1]:1"},
		},
		{name: "unix", directives: "debug_connection unix:;", want: []string{"unix:", "unix:/x"}, other: []string{"127.0.0.1:1"}},
		{name: "name", directives: "debug_connection localhost;", want: []string{"127.0.0.1:1"}, other: []string{"127.0.0.2:1"}},
		{
			name: "low bits", directives: "debug_connection 10.0.0.1/8;", want: []string{"10.1.2.3:1"},
			warning: "low address bits of 10.0.0.1/8 are meaningless in ",
		},
		{name: "no such name", directives: "debug_connection no-such-host.invalid;", err: `host not found in debug_connection "no-such-host.invalid" in `},
		{name: "no argument", directives: "debug_connection;", err: `invalid number of arguments in "debug_connection" directive in `},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, "nginx.conf")
			if err := os.WriteFile(path, []byte("events { "+c.directives+" }\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := NewServer(Options{ConfPath: path, Prefix: dir + "/"})
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) {
					t.Fatalf("%v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if w := strings.Join(s.Config().Warnings(), "\n"); !strings.HasPrefix(w, c.warning) || c.warning == "" && w != "" {
				t.Errorf("warnings %q", w)
			}
			for _, list := range []struct {
				addrs []string
				want  bool
			}{{c.want, true}, {c.other, false}} {
				for _, text := range list.addrs {
					a := netaddr.UnixAddr(strings.TrimPrefix(text, "unix:"))
					if !strings.HasPrefix(text, "unix:") {
						a = netaddr.AddrFrom(netip.MustParseAddrPort(text))
					}
					if got := s.Config().Main.DebugConnections.Has(&a); got != list.want {
						t.Errorf("%s: %v", text, got)
					}
				}
			}
		})
	}
}
