package base

import (
	"net/netip"
	"testing"
)

func TestNetworks(t *testing.T) {
	n := networks{
		all4:                                    []byte("default"),
		all6:                                    []byte("six"),
		netip.MustParsePrefix("10.0.0.0/8"):     []byte("ten"),
		netip.MustParsePrefix("10.1.0.0/16"):    []byte("inner"),
		netip.MustParsePrefix("10.1.2.3/32"):    []byte("host"),
		netip.MustParsePrefix("10.255.0.0/16"):  []byte("at the end"),
		netip.MustParsePrefix("255.0.0.0/8"):    []byte("last"),
		netip.PrefixFrom(nowhere, 32):           []byte("nowhere"),
		netip.MustParsePrefix("2001:db8::/32"):  []byte("doc"),
		netip.MustParsePrefix("2001:db8::/128"): []byte("zero"),
		netip.MustParsePrefix("ffff::/16"):      []byte("high"),
	}
	b := Base{}
	b.v4, b.v6 = n.tables()
	for _, c := range []struct{ addr, want string }{
		{"0.0.0.0", "default"},
		{"9.255.255.255", "default"},
		{"10.0.0.0", "ten"},
		{"10.1.0.0", "inner"},
		{"10.1.2.2", "inner"},
		{"10.1.2.3", "host"},
		{"10.1.2.4", "inner"},
		{"10.2.0.0", "ten"},
		{"10.255.255.255", "at the end"},
		{"11.0.0.0", "default"},
		{"255.255.255.254", "last"},
		{"255.255.255.255", "nowhere"},
		{"::", "six"},
		{"2001:db8::", "zero"},
		{"2001:db8::1", "doc"},
		{"2001:db9::", "six"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "high"},
		{"::ffff:10.1.2.3", "host"},
	} {
		if got := string(b.Find(netip.MustParseAddr(c.addr))); got != c.want {
			t.Errorf("%s: %q, want %q", c.addr, got, c.want)
		}
	}
	if got := string(b.Find(netip.Addr{})); got != "nowhere" {
		t.Errorf("no address: %q", got)
	}
}

// TestNetworksAgainstScan compares the table with the search that looks at
// every prefix length.
func TestNetworksAgainstScan(t *testing.T) {
	n := networks{}
	x := uint32(1)
	for range 500 {
		x = x*1664525 + 1013904223
		ip := netip.AddrFrom4([4]byte{10, byte(x >> 30), byte(x >> 22), byte(x >> 14)})
		p := netip.PrefixFrom(ip, int(8+x>>8%25)).Masked()
		n[p] = []byte(p.String())
	}
	v4, _ := n.tables()
	for range 5000 {
		x = x*1664525 + 1013904223
		ip := netip.AddrFrom4([4]byte{10, byte(x >> 30), byte(x >> 22), byte(x >> 14)})
		if got, want := string(v4.find(keyOf(ip))), string(n.find(ip)); got != want {
			t.Fatalf("%s: %q, want %q", ip, got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	type op struct {
		text, value string
		want        string // what add says
	}
	for _, c := range []struct {
		name   string
		ops    []op
		remove string
		find   map[string]string
	}{
		{
			"apart",
			[]op{{"10.0.0.1-10.0.0.5", "a", ""}, {"10.0.0.7-10.0.0.9", "b", ""}, {"10.0.0.6-10.0.0.6", "c", ""}},
			"",
			map[string]string{"10.0.0.0": "-", "10.0.0.5": "a", "10.0.0.6": "c", "10.0.0.9": "b", "10.0.0.10": "-"},
		},
		{
			"inside",
			[]op{{"10.0.0.0-10.0.0.9", "a", ""}, {"10.0.0.4-10.0.0.5", "b", ""}},
			"",
			map[string]string{"10.0.0.3": "a", "10.0.0.4": "b", "10.0.0.5": "b", "10.0.0.6": "a"},
		},
		{
			"at the start",
			[]op{{"10.0.0.0-10.0.0.9", "a", ""}, {"10.0.0.0-10.0.0.5", "b", ""}},
			"",
			map[string]string{"10.0.0.0": "b", "10.0.0.5": "b", "10.0.0.6": "a"},
		},
		{
			"at the end",
			[]op{{"10.0.0.0-10.0.0.9", "a", ""}, {"10.0.0.5-10.0.0.9", "b", ""}},
			"",
			map[string]string{"10.0.0.4": "a", "10.0.0.5": "b", "10.0.0.9": "b", "10.0.0.10": "-"},
		},
		{
			"the same again",
			[]op{{"10.0.0.0-10.0.0.9", "a", ""}, {"10.0.0.0-10.0.0.9", "b", "was a"}},
			"",
			map[string]string{"10.0.0.4": "b"},
		},
		{
			"overlap",
			[]op{{"10.0.0.0-10.0.0.9", "a", ""}, {"10.0.0.5-10.0.0.10", "b", "10.0.0.0-10.0.0.9"}},
			"",
			map[string]string{"10.0.0.5": "a"},
		},
		{
			"around",
			[]op{{"10.0.0.4-10.0.0.9", "a", ""}, {"10.0.0.0-10.0.0.20", "b", "10.0.0.4-10.0.0.9"}},
			"",
			map[string]string{"10.0.0.5": "a"},
		},
		{
			"over several blocks",
			[]op{{"10.0.255.0-10.2.0.5", "a", ""}},
			"",
			map[string]string{"10.0.254.255": "-", "10.0.255.0": "a", "10.1.7.7": "a", "10.2.0.5": "a", "10.2.0.6": "-"},
		},
		{
			"to the last address",
			[]op{{"255.255.0.0-255.255.255.254", "a", ""}},
			"",
			map[string]string{"255.255.255.254": "a", "255.255.255.255": "-"},
		},
		{"removed", []op{{"10.0.0.0-10.1.0.9", "a", ""}}, "10.0.0.0-10.1.0.9", map[string]string{"10.0.0.5": "-", "10.1.0.1": "-"}},
		{"removed, not the same", []op{{"10.0.0.0-10.0.0.9", "a", ""}}, "10.0.0.0-10.0.0.8 missing", map[string]string{"10.0.0.5": "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b blocks
			for _, o := range c.ops {
				from, to, ok := parseRange(o.text)
				got := b.add(from, to, []byte(o.value), func(old []byte) { o.value = "was " + string(old) })
				if got == "" && len(o.value) > 4 {
					got = o.value
				}
				if !ok || got != o.want {
					t.Fatalf("%s: %q, want %q", o.text, got, o.want)
				}
			}
			if c.remove != "" {
				text, missing := c.remove, false
				if text[len(text)-1] == 'g' {
					text, missing = text[:len(text)-len(" missing")], true
				}
				from, to, _ := parseRange(text)
				if b.remove(from, to) == missing {
					t.Errorf("remove %s: want missing %v", text, missing)
				}
			}
			tab := b.table([]byte("-"))
			for addr, want := range c.find {
				if got := string(tab.find(keyOf(netip.MustParseAddr(addr)))); got != want {
					t.Errorf("%s: %q, want %q", addr, got, want)
				}
			}
		})
	}
}

func TestParseRange(t *testing.T) {
	for _, s := range []string{"", "-", "10.0.0.1", "10.0.0.2-10.0.0.1", "10.0.0.1-255.255.255.255", "::1-::2", "10.0.0.1-x"} {
		if _, _, ok := parseRange(s); ok {
			t.Errorf("%q is taken for a range", s)
		}
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	b := Base{}
	b.v4, b.v6 = networks{all4: []byte("a"), all6: []byte("b")}.tables()
	v4, v6 := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("2001:db8::1")
	if n := testing.AllocsPerRun(100, func() {
		b.Find(v4)
		b.Find(v6)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFind(b *testing.B) {
	n := networks{all4: []byte("-")}
	for i := range 100000 {
		n[netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)] = []byte("x")
	}
	v4, _ := n.tables()
	k := keyOf(netip.MustParseAddr("10.0.200.7"))
	for b.Loop() {
		v4.find(k)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"10.0.0.0-10.0.0.255", "0.0.0.0-255.255.255.254", "1.2.3.4-1.2.3.3", "-", "::1-::2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if from, to, ok := parseRange(s); ok && from > to {
			t.Fatalf("%q: %d-%d", s, from, to)
		}
	})
}
