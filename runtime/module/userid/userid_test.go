package userid

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

var sample = []byte{127, 0, 0, 1, 0x5f, 0, 0, 1, 0xaa, 0xbb, 0xcc, 0xdd, 3, 3, 3, 2}

func TestAppendText(t *testing.T) {
	got := string(appendText(nil, []byte("uid="), sample))
	if want := "uid=0100007F0100005FDDCCBBAA02030303"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAppendCookie(t *testing.T) {
	const now = 1700000000
	flags := settings{name: "id", path: "/p", domain: "; domain=a.b"}
	flags.flags.V = flagSecure | flagHTTPOnly | flagLax
	for _, c := range []struct {
		name string
		s    settings
		kept string
		want string
	}{
		{"plain", settings{name: "uid", path: "/"}, "", "uid=fwAAAV8AAAGqu8zdAwMDAg==; path=/"},
		{"mark", settings{name: "uid", path: "/", mark: 't'}, "", "uid=fwAAAV8AAAGqu8zdAwMDAgt=; path=/"},
		{"kept, with a mark", settings{name: "uid", path: "/", mark: 't'}, "fwAAAV8AAAGqu8zdAwMDAx", "uid=fwAAAV8AAAGqu8zdAwMDAxt=; path=/"},
		{"expires", settings{name: "uid", path: "/", expires: 100}, "", "uid=fwAAAV8AAAGqu8zdAwMDAg==; expires=Tue, 14-Nov-23 22:15:00 GMT; path=/"},
		{"expires after 2037", settings{name: "uid", path: "/", expires: 1 << 31}, "", "uid=fwAAAV8AAAGqu8zdAwMDAg==; expires=Mon, 03-Dec-2091 01:27:28 GMT; path=/"},
		{"expires max", settings{name: "uid", path: "/", expires: expiresMax}, "", "uid=fwAAAV8AAAGqu8zdAwMDAg==; expires=Thu, 31-Dec-37 23:55:55 GMT; path=/"},
		{"all", flags, "", "id=fwAAAV8AAAGqu8zdAwMDAg==; domain=a.b; path=/p; secure; httponly; samesite=lax"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.finish()
			var kept []byte
			if c.kept != "" {
				kept = []byte(c.kept)
			}
			if got := string(appendCookie(nil, &c.s, sample, kept, now)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, in, want string // in hexadecimal; empty: invalid
	}{
		{"good", "fwAAAV8AAAGqu8zdAwMDAg", "7f0000015f000001aabbccdd03030302"},
		{"garbage in the last bits", "fwAAAV8AAAGqu8zdAwMDAh", "7f0000015f000001aabbccdd03030302"},
		{"ends early", "fwAAAV8AAAGqu8zdAwMD=g", "7f0000015f000001aabbccdd03030300"},
		{"ends early, five characters", "fwAAA=AAAAAAAAAAAAAAAA", ""},
		{"other characters", "fwAAAV8AAAGqu8zd!wMDAg", ""},
		{"the other alphabet", "fwAAAV8AAAGqu8zd-_MDAg", ""},
	} {
		id := make([]byte, size)
		ok := decode(id, []byte(c.in))
		if ok != (c.want != "") || ok && hex.EncodeToString(id) != c.want {
			t.Errorf("%s: %x, %v", c.name, id, ok)
		}
	}
}

func TestSequence(t *testing.T) {
	q := &sequence{start: 0x01020304}
	q.v1.Store(firstV1)
	q.v2.Store(0xffffff02)
	v4 := netaddr.AddrFrom(netip.MustParseAddrPort("192.0.2.7:80"))
	v6 := netaddr.AddrFrom(netip.MustParseAddrPort("[2001:db8::a0b:c0d]:80"))
	local := netaddr.UnixAddr("/run/x")
	unset, set := &settings{service: -1}, &settings{service: 65534}
	id := make([]byte, size)
	var got []string
	add := func() { got = append(got, hex.EncodeToString(id)) }
	q.first(id, unset, 0x5f000001)
	add()
	q.first(id, set, 0x5f000001)
	add()
	q.second(id, unset, 0x5f000001, &v4)
	add()
	q.second(id, unset, 0x5f000001, &v6)
	add()
	q.second(id, unset, 0x5f000001, &local)
	add()
	q.second(id, set, 0x5f000001, &v4)
	add()
	want := []string{
		"000000000100005f0403020101000000", "feff00000100005f0403020101010000",
		"c00002075f00000101020304ffffff02", "0a0b0c0d5f0000010102030403030302",
		"000000005f0000010102030403030402", "0000fffe5f0000010102030403030502",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMarks(t *testing.T) {
	for c := range 256 {
		want := strings.IndexByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=", byte(c)) >= 0
		if isMark(byte(c)) != want {
			t.Errorf("%#x: %v", c, !want)
		}
	}
}

func TestCookieDoesNotAllocate(t *testing.T) {
	s := settings{name: "uid", path: "/", expires: 100}
	s.finish()
	q, id, b := newSequence(), make([]byte, size), make([]byte, 0, 256)
	addr := netaddr.AddrFrom(netip.MustParseAddrPort("192.0.2.7:80"))
	if n := testing.AllocsPerRun(100, func() {
		q.second(id, &s, 1, &addr)
		appendCookie(b, &s, id, nil, 1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"fwAAAV8AAAGqu8zdAwMDAg", "fwAAAV8AAAGqu8zdAwMD=g", "=", "\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > encoded {
			b = b[:encoded]
		}
		id := make([]byte, size)
		if decode(id, b) && len(id) != size {
			t.Fatalf("%q: %d bytes", b, len(id))
		}
	})
}
