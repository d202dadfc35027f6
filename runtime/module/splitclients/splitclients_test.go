package splitclients

import "testing"

// TestMurmur2 has nginx's hashes of every length modulo 4, and of bytes that
// are negative as C's char.
func TestMurmur2(t *testing.T) {
	for in, want := range map[string]uint32{
		"": 0, "a": 0x92685f5e, "ab": 0x1aa14063, "abc": 0x13577c9b, "abcd": 0x26873021, "abcde": 0x5f09a8de,
		"127.0.0.1AAA": 0xb5fc5e4b, "\xff\xfe\xfd": 0x3d614590,
		"The quick brown fox jumps over the lazy dog": 0x212729d0,
	} {
		if got := murmur2([]byte(in)); got != want {
			t.Errorf("murmur2(%q) = %#x, want %#x", in, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int // -1: invalid
	}{
		{"1", 100},
		{"0.5", 50},
		{"2.25", 225},
		{"100", 10000},
		{"12.", 1200},
		{".5", 50},
		{".", 0},
		{"", -1},
		{"1.234", -1},
		{"1.2.3", -1},
		{"x", -1},
		{"-1", -1},
		{"1.x", -1},
	} {
		got, ok := percent(c.in)
		if !ok {
			got = -1
		}
		if got != c.want {
			t.Errorf("percent(%q) = %d, want %d", c.in, got, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	p := parts{{limit: 10, value: []byte("a")}, {limit: 20, value: []byte("b")}}
	for _, c := range []struct {
		hash uint32
		want string
	}{{0, "a"}, {9, "a"}, {10, "b"}, {19, "b"}, {20, ""}} {
		if got := string(p.find(c.hash)); got != c.want {
			t.Errorf("%d: %q, want %q", c.hash, got, c.want)
		}
	}
	p = append(p, part{rest: true, value: []byte("rest")})
	if got := string(p.find(1 << 31)); got != "rest" {
		t.Errorf("rest: %q", got)
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	p := parts{{limit: 1 << 31, value: []byte("a")}, {rest: true}}
	key := []byte("127.0.0.1AAA")
	if n := testing.AllocsPerRun(100, func() { p.find(murmur2(key)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
